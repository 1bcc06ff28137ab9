"""What arguments and settings were called before: cards, configs and command lines that say so are still understood."""

import warnings
from collections.abc import Collection, Mapping
from typing import Any

from dealias.errors import Note

NOW = {
    "consistent": "consistency_steps",
    "published": "authors_conventions",
    "silent": "hide_noise_level",
    "grain": "image_noise",
}


def current(values: Mapping[str, Any], known: Collection[str] = NOW.values()) -> dict[str, Any]:
    """Return values by what their names are called now; of two values with one name the last.

    Arguments:
        known: names that are taken; a former one among them means itself, as in a class of somebody else.
    """
    return {_current_name(name, known): value for name, value in values.items()}


def current_with_notes(values: Mapping[str, Any], known: Collection[str], taker: str) -> dict[str, Any]:
    """Return the same, with a Note for each former name; `taker` is what takes them."""
    for name in values:
        if _current_name(name, known) != name:
            warnings.warn(Note(f"{taker}: '{name}' is called '{NOW[name]}' now"), stacklevel=3)
    return current(values, known)


def current_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a training, whose method and simulation have arguments with current names."""
    inside = ("method_arguments", "simulation")
    return {name: current(value) if name in inside and value else value for name, value in settings.items()}


def _current_name(name: str, known: Collection[str]) -> str:
    new = NOW.get(name, name)
    return new if new in known and name not in known else name
