"""Stored arrays as complex k-space, read no earlier than they are needed.

Many programs know no complex numbers: they store real and imaginary parts along an axis of two, or in turn along the
axis of the coils. Others add axes of size one.
"""

import warnings
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from dealias.errors import Note
from dealias.files.to_acquisition import combined
from dealias.kind import kind_of

COILS = 128  # more than a scanner has
USUAL = 4  # axes of a stack of slices: more have names

Parts = Literal["last", "first", "in turn"]


class StoredKspace:
    """An array or dataset without some axes of size one, its pairs of real numbers combined.

    Arguments:
        source: has shape and dtype, and is indexed by numbers and slices.
        kept: which of its axes are left.
        parts: where real and imaginary parts lie, if they are not complex numbers.
    """

    def __init__(self, source: Any, kept: tuple[int, ...], parts: Parts | None) -> None:
        self.source, self.kept, self.parts = source, kept, parts
        shape = [source.shape[axis] for axis in kept]
        if parts == "in turn":
            shape[-1] //= 2
        self.shape, self.ndim = tuple(shape), len(shape)
        self.dtype = source.dtype if parts is None else np.result_type(source.dtype, np.complex64)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        places = index if isinstance(index, tuple) else (index,)
        places = (*places, *(slice(None),) * (self.ndim - len(places)))
        wanted: list[Any] = [0] * len(self.source.shape)
        for axis, place in zip(self.kept, places, strict=True):
            wanted[axis] = place
        if self.parts is None:
            return np.asarray(self.source[tuple(wanted)])
        wanted[0 if self.parts == "first" else -1] = slice(None)
        found = np.asarray(self.source[tuple(wanted)])
        if self.parts == "first":
            return combined(found[0], found[1])
        pairs = combined(found[..., 0::2], found[..., 1::2])
        return pairs[..., 0] if self.parts == "last" else pairs[..., places[-1]]


def as_kspace(
    source: Any, named: bool, *, last_first: bool = False, sure: bool = True
) -> tuple[Any, tuple[str, ...] | None]:
    """Return a stored array as k-space, itself where nothing is unusual, and the names of its axes if its parts tell.

    Where a guess was made, a Note says which.

    Arguments:
        named: whether the user or the file names its axes, those of size one too.
        last_first: whether axes of size one are dropped from the last on, as MATLAB does.
        sure: whether somebody calls it k-space: then real numbers are parts of complex ones unless they look like
            images, else only where they look like k-space.
    """
    shape = source.shape
    parts = _parts(shape) if source.dtype.kind in "fiu" else None
    kept = list(range(len(shape)))
    names = None
    if parts in ("last", "first"):
        kept.pop(-1 if parts == "last" else 0)
    if parts == "in turn" and len(shape) < 5:
        names = ("slice", "y", "x", "coil")[-len(shape) :]
    single = [axis for axis in (reversed(kept) if last_first else kept) if shape[axis] == 1]
    for axis in [] if named else single[: max(0, len(kept) - USUAL)]:
        kept.remove(axis)
    if parts is None and len(kept) == len(shape):
        return source, None
    found = StoredKspace(source, tuple(kept), parts)
    if parts is not None:
        kind = _kind(found)
        if kind == "images" or (kind is None and not sure):
            return source, None
        where = "in turn along its last axis" if parts == "in turn" else f"along its {parts} axis"
        sizes = " x ".join(map(str, shape))
        text = f"the real numbers of {sizes} are taken for real and imaginary parts {where}"
        warnings.warn(Note(text), stacklevel=4)
    return found, names


def _kind(kspace: StoredKspace) -> str | None:
    """Return whether rows and columns in the middle of all other axes are k-space or an image."""
    places: list[Any] = [size // 2 for size in kspace.shape]
    for axis in (-3, -2) if kspace.parts == "in turn" else (-2, -1):
        places[axis] = slice(None)
    return kind_of(torch.from_numpy(kspace[tuple(places)]))


def _parts(shape: tuple[int, ...]) -> Parts | None:
    if len(shape) < 3:
        return None
    if shape[-1] == 2:
        return "last"
    if shape[0] == 2:
        return "first"
    return "in turn" if shape[-1] % 2 == 0 and shape[-1] <= min(COILS, *shape[-3:-1]) else None
