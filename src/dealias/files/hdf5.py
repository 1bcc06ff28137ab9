"""What the formats inside HDF5 share: opening with one line instead of HDF5's complaints, and what a file lists."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from dealias.errors import UserError
from dealias.files.to_acquisition import Stored

MAGIC = b"\x89HDF\r\n\x1a\n"


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Give the file's own readers; only read inside.

    Raises:
        UserError: where it is no HDF5, or damaged.
    """
    import h5py

    try:
        with h5py.File(path) as file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        if isinstance(error, PermissionError):
            raise
        raise UserError(f"is no HDF5 file, or a damaged or truncated one ({error}); copy it again") from error


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
    """Return what a file says of its arrays by name, groups and all."""
    import h5py

    found: dict[str, Stored] = {}

    def note(name: Any, thing: Any) -> None:
        if isinstance(name, str) and isinstance(thing, h5py.Dataset) and thing.shape is not None:
            found[name] = Stored(thing.shape, thing.dtype)

    file.visititems(note)
    return found


def text_of(value: Any) -> str:
    """Return a stored text, or numbers and lists as one."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else " ".join(text_of(part) for part in np.ravel(value).tolist())
