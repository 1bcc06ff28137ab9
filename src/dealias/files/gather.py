"""The parts of a scan as the arrays of one file: k-space slice by slice, and of the rest what slices share once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.files.axes import axes_of
from dealias.files.stack import Stack
from dealias.header import Header

Create = Callable[[str, tuple[int, ...], np.dtype[Any]], Any]


@dataclass(frozen=True)
class Gathered:
    """A scan as files hold it, centred, k-space and maps in single precision; arrays, or what was made for them.

    Arguments:
        axes: names of those of k-space.
        header: that of the first slice.
    """

    kspace: Any
    mask: Any
    maps: Any | None
    noise_std: Any | None
    axes: tuple[str, ...]
    header: Header


def in_memory(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an array for all slices."""
    return np.empty(shape, dtype)


def gather(scans: Stack[Acquisition], create: Create = in_memory) -> Gathered:
    """Return the scan that some parts are.

    Arguments:
        create: makes what holds the values of all slices: `kspace`, and `maps` where slices have their own.
    """
    kspace, start = None, 0
    axes, header = tuple[str, ...](), Header()
    mask, maps = _Shared("mask", scans, in_memory), _Shared("maps", scans, create)
    noise_std = _Shared("noise_std", scans, in_memory)
    for scan in scans:
        part = _array(scan.centred_kspace)
        if kspace is None:
            kspace, axes, header = create("kspace", scans.shape(part.shape), part.dtype), axes_of(scan), scan.header
        kspace[start : start + len(part)] = part
        mask.add(scan.centred_mask, start, len(part))
        maps.add(scan.maps, start, len(part))
        noise_std.add(scan.centred_noise_std, start, len(part))
        start += len(part)
    return Gathered(kspace, mask.whole, maps.whole, noise_std.whole, axes, header)


class _Shared:
    """Values that all slices share, until some have others."""

    def __init__(self, name: str, scans: Stack[Acquisition], create: Create) -> None:
        self.name, self.scans, self.create = name, scans, create
        self.whole: Any = None
        self.shared = True

    def add(self, value: Tensor | None, start: int, count: int) -> None:
        """Add those of so many slices from `start` on, or of size 1 the one that these share."""
        if value is None:
            return
        part = _array(value)
        if self.whole is None and (len(part) == 1 or self.scans.slices is None):
            self.whole = part
        elif self.shared and not (len(part) == 1 and np.array_equal(part, self.whole)):
            rows = self.create(self.name, self.scans.shape(part.shape), part.dtype)
            if start:
                rows[:start] = self.whole
            self.whole, self.shared = rows, False
        if not self.shared:
            self.whole[start : start + count] = part


def _array(value: Tensor) -> NDArray[Any]:
    """Return complex numbers in single precision, others as they are."""
    return (value.to(torch.complex64) if value.is_complex() else value).numpy(force=True)
