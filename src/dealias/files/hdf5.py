"""What the formats inside HDF5 share: opening with one line instead of HDF5's complaints, and what a file lists.

A file of others is read in a child process (`hdf5_reader.py`), whose library may crash or never return; nothing
outside the file is opened. What is here looks like h5py's own files and datasets, as far as formats need them.
"""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dealias.errors import UserError
from dealias.files.child_process import ReaderError, call
from dealias.files.size_limits import check_size, too_much_memory
from dealias.files.stored_hdf5 import Contents, Entry
from dealias.files.to_acquisition import Stored

MAGIC = b"\x89HDF\r\n\x1a\n"
SECONDS, PER_SECOND = 20, 10**7  # that reading takes at the most, and bytes in each of them
OBJECT = 256  # bytes that an array of its own takes beside its numbers
READER = "dealias.files.hdf5_reader"
OURS = ("kspace", "mask", "maps", "sens", "noise_std", "image", "images", "reconstruction", "data", "xml")


class Group:
    """A group of a file, or the file itself."""

    def __init__(self, path: Path, name: str, contents: Contents) -> None:
        self.path, self.name, self.contents = path, name, contents

    def __contains__(self, name: str) -> bool:
        full = _joined(self.name, name)
        return full in self.contents.entries or full in self.contents.groups

    def __getitem__(self, name: str) -> Any:
        full = _joined(self.name, name)
        if full in self.contents.groups:
            return Group(self.path, full, self.contents)
        if full in self.contents.outside:
            raise UserError(_elsewhere(full, self.contents.outside[full]))
        return Dataset(self.path, full, self.contents.entries[full])

    def keys(self) -> list[str]:
        """Return the names in this group."""
        start = f"{self.name}/" if self.name else ""
        names = (*self.contents.entries, *self.contents.groups)
        return sorted({name[len(start) :].partition("/")[0] for name in names if name.startswith(start)})

    @cached_property
    def attrs(self) -> Mapping[str, Any]:
        """The attributes that are numbers or texts."""
        return _attributes(self.path, self.name)


class Dataset:
    """A dataset, of which an index reads a part; a name of a field, that of all."""

    def __init__(self, path: Path, name: str, entry: Entry) -> None:
        self.path, self.name, self.entry = path, name, entry
        self.shape, self.dtype, self.ndim = entry.shape, entry.dtype, len(entry.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        objects = self.dtype[index].hasobject if isinstance(index, str) else self.dtype.hasobject
        size = self._size(index)
        check_size(size, self.entry.stored, f"'{self.name}'")
        file = self.path.stat().st_size
        size += OBJECT * math.prod(self.shape) + 6 * file if objects else 0
        value = _call("array", self.path, self.name, index, size=2 * size, stored=file)
        return _parts(*value) if isinstance(value, tuple) else value

    @cached_property
    def attrs(self) -> Mapping[str, Any]:
        """The attributes that are numbers or texts."""
        return _attributes(self.path, self.name)

    def _size(self, index: Any) -> int:
        """Return the bytes that an index reads."""
        if isinstance(index, str):
            return math.prod(self.shape) * self.dtype[index].itemsize
        count = 1
        places = index if isinstance(index, tuple) else (index,)
        for place, length in zip((*places, *(slice(None),) * (self.ndim - len(places))), self.shape, strict=False):
            count *= len(range(length)[place]) if isinstance(place, slice) else 1
        return count * self.dtype.itemsize


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Give what a file holds; only read inside.

    Raises:
        UserError: where it is no HDF5, locked or damaged.
    """
    try:
        yield Group(path, "", _call("contents", path, stored=path.stat().st_size))
    except PermissionError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        if "unable to lock file" in str(error):
            raise UserError("is locked: another program is writing it; read it when that has ended") from error
        kind = getattr(error, "kind", "")
        if kind == "PermissionError":
            raise PermissionError(13, "Permission denied") from error
        text = " ".join(str(error).split())
        raise UserError(f"is no HDF5 file, or a damaged or truncated one ({text}); copy it again") from error
    finally:
        with suppress(ReaderError):
            call(f"{READER}.close", seconds=SECONDS, size=2**26)


@contextmanager
def created(path: Path) -> Iterator[Any]:
    """Give a new file to write to.

    Its bytes go through Python: where the disk is full, HDF5's own driver brings the whole process down.

    Raises:
        OSError: where the disk refuses.
    """
    import h5py

    try:
        with path.open("w+b") as raw, h5py.File(raw, "w") as file:
            yield file
    except RuntimeError as error:
        raise OSError(str(error)) from error


def listed(file: Any) -> Mapping[str, Stored]:
    """Return what a file says of its arrays by name, groups, links within it and all.

    Raises:
        UserError: where an array that we would read lies in another file.
    """
    contents: Contents = file.contents
    found = {name: Stored(entry.shape, entry.dtype, entry.place) for name, entry in sorted(contents.entries.items())}
    complex_ones = any(array.complex for array in found.values())
    for name, place in contents.outside.items():
        if name.rpartition("/")[2] in OURS or not complex_ones:
            raise UserError(_elsewhere(name, place))
    return found


def text_of(value: Any) -> str:
    """Return a stored text, or numbers and lists as one."""
    if isinstance(value, str):
        value = value.encode(errors="surrogatepass")  # bytes that were no text at all
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return " ".join(map(text_of, value.ravel().tolist())) if isinstance(value, np.ndarray) else str(value)


def _elsewhere(name: str, place: str) -> str:
    return f"its '{name}' lies in another file ({place}), which is never opened; copy its data into this one"


def _joined(group: str, name: str) -> str:
    return "/".join(part for part in (group, *name.split("/")) if part)


def _attributes(path: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = _call("attributes", path, name, stored=path.stat().st_size)
    return found


def _call(function: str, path: Path, *arguments: Any, stored: int, size: int = 0) -> Any:
    seconds, memory = SECONDS + (size + stored) / PER_SECOND, 2**29 + size + stored
    try:
        return call(f"{READER}.{function}", os.path.abspath(path), *arguments, seconds=seconds, size=memory)
    except MemoryError as error:
        raise too_much_memory() from error


def _parts(shape: tuple[int, ...], lengths: NDArray[np.int64], numbers: NDArray[Any]) -> NDArray[Any]:
    """Return arrays of various lengths, each of them a view."""
    ends = lengths.cumsum()
    parts = np.empty(len(lengths), object)
    for place, (end, length) in enumerate(zip(ends.tolist(), lengths.tolist(), strict=True)):
        parts[place] = numbers[end - length : end]
    return parts.reshape(shape)
