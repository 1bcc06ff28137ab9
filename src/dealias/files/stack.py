"""A file whose slices are looked at some at a time, so that memory follows the slice and not the file."""

import math
import os
import warnings
from os import PathLike
from pathlib import Path

from dealias.errors import Note, UserError
from dealias.files.recognition import about, check_exists, recognise
from dealias.files.size_limits import readable
from dealias.files.wanted import Wanted

AT_ONCE = 2**24  # bytes of k-space
WORK = 5  # times its k-space: what looking at slices takes at the very least


def ranges(path: str | PathLike[str], wanted: Wanted, least: int = 1) -> list[str | int | slice | None]:
    """Return the slices of a file to read one after the other, as `dealias.open` takes them.

    One entry, that of `wanted`, where the file is small, its format reads no single slices, or it cannot be read.

    Arguments:
        least: slices to read at once.

    Raises:
        UserError: where not even one part would fit into the memory that is free.
    """
    whole: list[str | int | slice | None] = [wanted.slices]
    try:
        with about(Path(path)), warnings.catch_warnings():
            warnings.simplefilter("ignore", Note)  # each reading says it again
            place = check_exists(Path(path))
            module = None if place.is_dir() else recognise(place)
            if module is None or not hasattr(module, "stack"):
                return whole
            chosen, size = module.stack(place, wanted)
    except UserError:  # whoever reads it says so
        return whole
    many = max(least, 1, AT_ONCE // max(1, size))
    _check_fits(Path(path), size * min(many, len(chosen)))
    if len(chosen) <= many:
        return whole
    parts = [chosen[first : first + many] for first in range(0, len(chosen), many)]
    return [slice(part.start, part.stop, part.step) for part in parts]


def extent(shape: tuple[int, ...], itemsize: int, axis: int | None, chosen: slice) -> tuple[range, int]:
    """Return which slices of an array are wanted, and the bytes of one; none where it has no such axis."""
    if axis is None or not shape[axis]:
        return range(0), 0
    return range(shape[axis])[chosen], itemsize * math.prod(shape) // shape[axis]


def _check_fits(path: Path, size: int) -> None:
    free = _free()
    if free is not None and WORK * size > free:
        raise UserError(
            f"{path}: a part of it takes {readable(size)}, and the work on it at least {readable(WORK * size)} of "
            f"memory, of which {readable(free)} are free; choose a machine with more"
        )


def _free() -> int | None:
    """Return the bytes of memory that no program holds; None where the system does not say."""
    file = Path("/proc/meminfo")
    if os.name != "posix" or not file.exists():
        return None
    found = [line.split() for line in file.read_text().splitlines() if line.startswith("MemAvailable:")]
    return 1024 * int(found[0][1]) if found else None
