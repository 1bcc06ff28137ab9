"""What an HDF5 file says of its parts before they are read: what crosses from the process that reads it to ours."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Entry:
    """A dataset.

    Arguments:
        dtype: without what only HDF5 knows; numbers and texts of any length are objects.
        place: where in the file; a dataset with several names has one.
        stored: bytes in the file, compressed.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    place: int
    stored: int


@dataclass(frozen=True)
class Contents:
    """All that a file lists, by name.

    Arguments:
        outside: what lies in another file, and where.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    outside: dict[str, str] = field(default_factory=dict)
