"""The options --key, --axes, --file_mask and --conjugate: how a file is read."""

from typing import Any, Literal, TypeAlias

FileMask: TypeAlias = Literal["refuse", "apply", "ignore"]
Conjugate: TypeAlias = Literal["auto", "yes", "no"]

READING = ("key", "axes", "file_mask", "conjugate")


def reading(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of `dealias.open` that those of a command mean."""
    return {
        "key": options["key"],
        "axes": options["axes"],
        "mask": {"refuse": None}.get(options["file_mask"], options["file_mask"]),
        "conjugate": {"auto": None, "yes": True, "no": False}[options["conjugate"]],
    }
