"""The centre of k-space, which tells the coils apart: what of it was sampled, averaged over time.

The centre lies where the energy does: beside the middle of the matrix where a scan left out one side of k-space.
"""

import warnings
from typing import Any

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.coils.square import side
from dealias.errors import Note, UserError

LINES, FEWEST = 12, 6  # rows and columns that tell the coils apart well, and somehow
NEARLY = 0.95  # of the most energy: as good a centre


def measured(value: Any) -> Acquisition:
    """Return the acquisition itself, or that of centred k-space (..., coil, y, x)."""
    return value if isinstance(value, Acquisition) else Acquisition.centred(value)


def centre(acquisition: Acquisition, size: int, least: int = LINES) -> tuple[Tensor, Tensor]:
    """Return the central rows and columns of k-space (slice, coil, a, b), and which were sampled (slice, a, b).

    Frames of a film are averaged where they were sampled; a and b are `size` at the most, and where they reach
    beyond the matrix nothing was sampled.

    Raises:
        UserError: where the fully sampled centre has fewer than `least` rows or columns.
    """
    kspace, mask = acquisition.centred_kspace, acquisition.centred_mask
    mask = mask.expand(*kspace.shape[:-3], 1, *kspace.shape[-2:])
    if "time" in acquisition.axes:
        kspace = kspace.sum(-4) / mask.sum(-4).clamp_min(1)
        mask = mask.any(-4)
    kspace, mask = kspace.reshape(-1, *kspace.shape[-3:]), mask.reshape(-1, *mask.shape[-2:])
    places = [_place(samples, sampled) for samples, sampled in zip(kspace, mask, strict=True)]
    found = [_around(sampled, place, size) for sampled, place in zip(mask, places, strict=True)]
    sides = [side(sampled) for sampled in found]
    small = [number for number, sampled in enumerate(mask) if sides[number] < least and bool(sampled.any())]
    if small:
        place, width = (f" of slice {small[0]}" if len(sides) > 1 else ""), sides[small[0]]
        raise UserError(
            f"the fully sampled centre of k-space{place} is {width} x {width}, and coil maps need "
            f"{least} x {least}; sample a larger centre (--mask.centre of our masks), or give maps measured otherwise"
        )
    coarse = min((width for width, sampled in zip(sides, mask, strict=True) if sampled.any()), default=LINES)
    if coarse < LINES:
        text = f"the fully sampled centre of k-space is {coarse} x {coarse}, so that coil maps are coarse"
        warnings.warn(Note(f"{text}; {LINES} x {LINES} and more makes good ones"), stacklevel=4)
    samples = [_around(samples, place, size) for samples, place in zip(kspace, places, strict=True)]
    return torch.stack(samples), torch.stack(found)


def _place(samples: Tensor, sampled: Tensor) -> tuple[int, int]:
    """Return the row and column of the centre of k-space (coil, y, x): the middle, or where the energy lies.

    Of all squares of 12 rows and columns that were sampled in full it is the one of most energy, which the middle
    one need not be quite.
    """
    y, x = (n // 2 for n in sampled.shape)
    largest = samples.abs().max()
    if min(sampled.shape) < LINES or not largest > 0:
        return y, x
    energy = (samples / largest).abs().double().square().sum(0)
    squares, full = (
        torch.nn.functional.avg_pool2d(value[None], LINES, stride=1)[0] for value in (energy, sampled.double())
    )
    full = full > 1 - 0.5 / LINES**2
    if full.any():
        squares = torch.where(full, squares, 0)
    row, column = y - LINES // 2, x - LINES // 2
    if squares[row, column] < NEARLY * squares.max():
        row, column = divmod(int(squares.argmax()), squares.shape[-1])
    return row + LINES // 2, column + LINES // 2


def coarse_images(samples: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return what middle samples (coil, a, b) alone show, as images (coil, y, x) of largest sample one."""
    pad = [(n // 2 - s // 2, n - n // 2 - (s - s // 2)) for n, s in zip(shape, samples.shape[-2:], strict=True)]
    padded = torch.nn.functional.pad(samples / samples.abs().max(), (*pad[1], *pad[0]))
    return torch.fft.fftshift(torch.fft.ifft2(torch.fft.ifftshift(padded, dim=(-2, -1))), dim=(-2, -1))


def _around(value: Tensor, place: tuple[int, int], size: int) -> Tensor:
    """Return so many rows and columns of a value (..., y, x) around a place; zeros beyond its edges."""
    for axis, middle in zip((-2, -1), place, strict=True):
        count = value.shape[axis]
        wanted = min(size, count)
        first = middle - wanted // 2
        before, after = max(0, -first), max(0, first + wanted - count)
        value = value.narrow(axis, first + before, wanted - before - after)
        edges = (0, 0, before, after) if axis == -2 else (before, after)
        value = torch.nn.functional.pad(value, edges)
    return value
