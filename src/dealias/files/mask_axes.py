"""Masks whose axes lie otherwise than (x), (y, x) or as those of k-space: of others' software, such as (1, 1, x, 1)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def fitted_mask(mask: NDArray[Any], kspace: NDArray[Any], count: int) -> NDArray[Any]:
    """Return a mask as `Layout.mask` takes it; as it is where nothing else fits k-space (slice, [time,] coil, y, x).

    Trailing axes of size one go, (slice, x) gets an axis of rows, and what some coil samples is sampled.

    Arguments:
        count: slices of the file, of which k-space may be some.
    """
    coils, y, x = kspace.shape[-3:]
    if mask.ndim == kspace.ndim and mask.shape[-3] == coils > 1:
        return np.asarray((mask != 0).any(-3, keepdims=True))
    short = mask
    while short.ndim > 1 and short.shape[-1] == 1:
        short = short[..., 0]
    if short.shape == (count, x) and count not in (1, y):
        return short[:, None, None, :]
    if mask.ndim > kspace.ndim or not _fits(mask, y, x):
        return short
    if short.ndim == mask.ndim or not _fits(short, y, x):
        return mask
    return min((mask, short), key=lambda each: _lost(each, kspace))


def _lost(mask: NDArray[Any], kspace: NDArray[Any]) -> int:
    """Return at how many places a mask leaves out what k-space holds."""
    pattern = (np.atleast_2d(mask) != 0).reshape(-1, *np.atleast_2d(mask).shape[-2:]).any(0)
    return int(((kspace != 0).any(tuple(range(kspace.ndim - 2))) & ~pattern).sum())


def _fits(mask: NDArray[Any], y: int, x: int) -> bool:
    return mask.ndim > 0 and mask.shape[-1] in (1, x) and (mask.ndim < 2 or mask.shape[-2] in (1, y))
