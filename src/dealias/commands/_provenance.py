"""What a result says of its making, and whether one that is there was made likewise."""

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from dealias import __version__

SETTINGS = "settings"
SAID = ("method", "precision", "pattern", "acceleration", "seed")  # each for itself too


def provenance(source: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a result says of its making.

    Arguments:
        settings: all that decides the result, beside its source.
    """
    return {**{name: settings[name] for name in SAID if name in settings}, **making(source), SETTINGS: _text(settings)}


def making(source: Path) -> dict[str, str]:
    """Return which command of which version is made of what."""
    return {"source": str(source), "command": shlex.join(["dealias", *sys.argv[1:]]), "version": __version__}


def difference(result: Path, source: Path, settings: Mapping[str, Any]) -> str | None:
    """Return in what a result that is there was made otherwise than it would be now; None where it was made so.

    What its format or its maker left unsaid counts as the same for formats without such notes, and as another's else.
    """
    if not _modules(result):
        return None
    was = _settings(result)
    if not was:
        return "does not say what made it"
    now = json.loads(_text(settings))
    for name in dict.fromkeys([*now, *was]):
        if was.get(name) != now.get(name):
            if name == "weights":
                return "was made with other weights or arguments"
            return f"was made with {name} {was.get(name, 'not given')}, not {now.get(name, 'the default')}"
    old = Path(_notes(result).get("source", source))
    if old.exists() and not old.samefile(source):
        return f"was made of {old}"
    return None


def is_image_of_ours(path: Path) -> bool:
    """Whether a file says that `dealias reconstruct` made it, which is no input for anything but scores."""
    return "weights" in _settings(path)


def _settings(path: Path) -> dict[str, Any]:
    """Return the settings that a file says it was made with; none where it does not say so."""
    try:
        settings: dict[str, Any] = json.loads(_notes(path)[SETTINGS])
    except (ValueError, KeyError):
        return {}
    return settings


def _notes(path: Path) -> Mapping[str, str]:
    """Return what a file says of its making; nothing where it cannot be read."""
    from dealias.errors import UserError

    try:
        return {name: note for module in _modules(path) for name, note in module.notes(path).items()}
    except (UserError, OSError, ValueError):
        return {}


def _modules(path: Path) -> list[ModuleType]:
    from dealias.files.recognition import extension_of, formats

    return [module for module in formats("notes") if extension_of(path) in module.extensions]


def _text(settings: Mapping[str, Any]) -> str:
    return json.dumps({name: value for name, value in settings.items() if value is not None}, sort_keys=True)
