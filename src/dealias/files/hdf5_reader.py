"""HDF5 files read without ever leaving them: what `reader_process.py` does for `hdf5.py`.

Links within a file are followed, one name after the other. Links to other files, virtual datasets and those whose
data lie in other files are never opened, however they are reached.
"""

import errno
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5g, h5l, h5o
from numpy.typing import NDArray

from dealias.files.reader_process import sealed
from dealias.files.stored_hdf5 import Contents, Entry

LINKS = 30_000  # that a file may hold: two names of every group would double them at each level
DEPTH = 32  # of links that lead to links, and of groups

_open = ExitStack()
_held: tuple[str, Any] | None = None


class Outside(ValueError):
    """Something lies in another file."""


def contents(path: str) -> Contents:
    """Return all that a file lists."""
    found = Contents()
    count = 0
    todo: list[tuple[Any, str, tuple[int, ...]]] = [(_root(_file(path)), "", ())]
    while todo:
        group, prefix, above = todo.pop()
        names: list[bytes] = []
        group.links.iterate(names.append)
        count += len(names)
        if count > LINKS:
            raise ValueError(f"it has more than {LINKS} links")
        for link in sorted(names):
            name = prefix + link.decode(errors="surrogateescape")
            try:
                thing = _followed(group, link)
                if isinstance(thing, h5g.GroupID):
                    place = h5o.get_info(thing).addr
                    found.groups.add(name)
                    if place not in above and len(above) < DEPTH:
                        todo.append((thing, f"{name}/", (*above, place)))
                elif isinstance(thing, h5d.DatasetID) and h5py.Dataset(thing).shape is not None:
                    found.entries[name] = _entry(thing)
            except Outside as error:
                found.outside[name] = str(error)
            except KeyError:  # a link to nothing
                pass
    return found


def attributes(path: str, name: str) -> dict[str, Any]:
    """Return the attributes of a group or dataset, those that are numbers and texts."""
    thing = _followed(_root(_file(path)), name.encode(errors="surrogateescape"))
    attrs = h5py.Group(thing).attrs if isinstance(thing, h5g.GroupID) else h5py.Dataset(thing).attrs
    found = {}
    for key in attrs:
        try:
            found[key] = _simple(attrs[key])
        except (TypeError, OSError, ValueError) as error:  # of a kind that nobody reads, or damaged
            if getattr(error, "errno", None) == errno.EMFILE:
                raise
    return found


def array(path: str, name: str, index: Any) -> Any:
    """Return part of a dataset: an array, texts, or (shape, lengths, numbers) of arrays of various lengths."""
    thing = _followed(_root(_file(path)), name.encode(errors="surrogateescape"))
    return _simple(h5py.Dataset(thing)[index])


def close() -> None:
    """Let go of the file."""
    global _held
    _held = None
    _open.close()


def _file(path: str) -> Any:
    """Return an open file, from which on the system opens no other."""
    global _held
    if _held is None or _held[0] != path:
        close()
        file = _open.enter_context(_opened(path))
        _held = path, file
    return _held[1]


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    with h5py.File(path, "r") as file, sealed():
        yield file


def _root(file: h5py.File) -> Any:
    return h5g.open(file.id, b"/")


def _followed(group: Any, name: bytes, depth: int = 0) -> Any:
    """Return what a name means within a file, links and all.

    Raises:
        Outside: where it leads out of the file.
        KeyError: where it leads nowhere.
    """
    if depth > DEPTH:
        raise KeyError("links that lead to links without end")
    here = h5g.open(h5py.h5i.get_file_id(group), b"/") if name.startswith(b"/") else group
    for part in name.split(b"/"):
        if part in (b"", b"."):
            continue
        if not isinstance(here, h5g.GroupID) or not here.links.exists(part):
            raise KeyError(f"there is no '{_text(part)}'")
        kind = here.links.get_info(part).type
        if kind == h5l.TYPE_HARD:
            here = h5o.open(here, part)
        elif kind == h5l.TYPE_SOFT:
            here = _followed(here, here.links.get_val(part), depth + 1)
        elif kind == h5l.TYPE_EXTERNAL:
            raise Outside(_text(here.links.get_val(part)[0]))
        else:
            raise Outside("another place")
    if isinstance(here, h5d.DatasetID):
        _check_inside(here)
    return here


def _check_inside(dataset: Any) -> None:
    plan = dataset.get_create_plist()
    if plan.get_layout() == h5d.VIRTUAL:
        files = {plan.get_virtual_filename(number) for number in range(min(plan.get_virtual_count(), 1))}
        raise Outside(", ".join(map(_text, files)) or "others")
    if plan.get_external_count():
        raise Outside(_text(plan.get_external(0)[0]))


def _entry(dataset: Any) -> Entry:
    found = h5py.Dataset(dataset)
    return Entry(found.shape, _plain(found.dtype), h5o.get_info(dataset).addr, dataset.get_storage_size())


def _plain(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return a type without HDF5's notes, which only h5py understands."""
    if dtype.subdtype is not None:
        return np.dtype((_plain(dtype.subdtype[0]), dtype.subdtype[1]))
    if dtype.fields is not None:
        names = list(dtype.names or ())
        return np.dtype({
            "names": names,
            "formats": [_plain(dtype.fields[name][0]) for name in names],
            "offsets": [dtype.fields[name][1] for name in names],
            "itemsize": dtype.itemsize,
        })  # fmt: skip
    return np.dtype(dtype.str) if dtype.metadata else dtype


def _simple(value: Any) -> Any:
    """Return numbers and texts as pickle keeps them.

    Raises:
        TypeError: for anything else, such as references.
    """
    if isinstance(value, np.ndarray | np.generic):
        if not value.dtype.hasobject:
            plain = _plain(value.dtype)
            return value if plain == value.dtype and not value.dtype.metadata else np.asarray(value).view(plain)
        parts = np.asarray(value, object)
        if value.dtype.kind == "O" and all(isinstance(part, bytes | str) for part in parts.flat):
            return parts
        if value.dtype.kind == "O" and all(isinstance(part, np.ndarray) for part in parts.flat):
            return _flat(parts)
    if isinstance(value, bytes | str | int | float):
        return value
    raise TypeError(f"it holds {type(value).__name__}, not numbers or texts")


def _flat(parts: NDArray[Any]) -> tuple[tuple[int, ...], NDArray[np.int64], NDArray[Any]]:
    lengths = np.array([part.size for part in parts.flat], np.int64)
    numbers = np.concatenate([part.ravel() for part in parts.flat]) if lengths.size else np.empty(0)
    if numbers.dtype.hasobject:
        raise TypeError("it holds lists of lists, not numbers")
    return parts.shape, lengths, numbers.view(_plain(numbers.dtype))


def _text(name: str | bytes) -> str:
    text = name.decode(errors="replace") if isinstance(name, bytes) else name
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]
