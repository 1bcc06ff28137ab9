"""What a result says of its making, and whether one that is there was made likewise."""

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
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
    from dealias.errors import UserError
    from dealias.files.recognition import extension_of, formats

    modules = [module for module in formats("notes") if extension_of(result) in module.extensions]
    if not modules:
        return None
    try:
        notes: Mapping[str, str] = modules[0].notes(result)
        was = json.loads(notes[SETTINGS])
    except (UserError, OSError, ValueError, KeyError):
        return "does not say what made it"
    now = json.loads(_text(settings))
    for name in dict.fromkeys([*now, *was]):
        if was.get(name) != now.get(name):
            if name == "weights":
                return "was made with other weights or arguments"
            return f"was made with {name} {was.get(name, 'not given')}, not {now.get(name, 'the default')}"
    old = Path(notes.get("source", source))
    if old.exists() and not old.samefile(source):
        return f"was made of {old}"
    return None


def _text(settings: Mapping[str, Any]) -> str:
    return json.dumps({name: value for name, value in settings.items() if value is not None}, sort_keys=True)
