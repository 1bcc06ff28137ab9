"""Which slices of a file are read one after the other, and whether they fit into the memory that is free."""

import math
import os
import sys
import warnings
from os import PathLike
from pathlib import Path

from dealias.errors import Note, UserError
from dealias.files.recognition import about, check_exists, recognise
from dealias.files.size_limits import readable
from dealias.files.wanted import Wanted

AT_ONCE = 2**24  # bytes of k-space
WORK = 5  # times its k-space: what looking at slices takes at the very least


def ranges(path: str | PathLike[str], wanted: Wanted, least: int = 1) -> list[slice]:
    """Return the slices of a file to read one after the other; none where it is small, or read whole by its format.

    Arguments:
        least: slices to read at once.

    Raises:
        UserError: where not even one part would fit into the memory that is free.
    """
    try:
        with about(Path(path)), warnings.catch_warnings():
            warnings.simplefilter("ignore", Note)  # each reading says it again
            place = check_exists(Path(path))
            module = None if place.is_dir() else recognise(place)
            if module is None or not hasattr(module, "stack"):
                return []
            chosen, size = module.stack(place, wanted)
    except UserError:  # whoever reads it says so
        return []
    parts = cut(chosen, size, least)
    _check_fits(Path(path), size * len(range(sys.maxsize)[parts[0]]) if parts else size, len(parts))
    return parts if len(parts) > 1 else []


def cut(chosen: range, size: int, least: int = 1) -> list[slice]:
    """Return some slices of so many bytes as parts that are worked on one after the other."""
    many = max(least, 1, AT_ONCE // max(1, size))
    parts = [chosen[first : first + many] for first in range(0, len(chosen), many)]
    return [slice(part.start, part.stop, part.step) for part in parts]


def extent(shape: tuple[int, ...], itemsize: int, axis: int | None, chosen: slice) -> tuple[range, int]:
    """Return which slices of an array are wanted, and the bytes of one; none where it has no such axis, and of all."""
    size = itemsize * math.prod(shape)
    return (range(0), size) if axis is None or not shape[axis] else (range(shape[axis])[chosen], size // shape[axis])


def _check_fits(path: Path, size: int, parts: int) -> None:
    free = _free()
    if free is None or WORK * size <= free:
        return
    what, remedy = "a part of it", "choose a machine with more"
    if not parts:
        what, remedy = "it", "choose a machine with more, or write it as .h5, of which some slices are read at a time"
    raise UserError(
        f"{path}: {what} takes {readable(size)}, and the work on it at least {readable(WORK * size)} of memory, of "
        f"which {readable(free)} are free; {remedy}"
    )


def _free() -> int | None:
    """Return the bytes of memory that no program holds; None where the system does not say."""
    file = Path("/proc/meminfo")
    if os.name != "posix" or not file.exists():
        return None
    found = [line.split() for line in file.read_text().splitlines() if line.startswith("MemAvailable:")]
    return 1024 * int(found[0][1]) if found else None
