"""Is k-space centred? Its energy says so.

On measured data a box of a quarter of the rows and columns around the centre holds more than 0.8 of the
energy, one around the corner at most 0.01. What counts is the share of energy beyond the share of samples:
noise alone, or a few samples wherever they lie, say nothing and pass.

Where the transform's zero frequency was left at an edge, energy goes on beyond that edge at the opposite one: of
measured k-space at least 0.3 of that at equal distance from the peak on its inner side. Where a scan left out one
side (partial Fourier, an asymmetric echo), the peak lies beside the middle too, but nothing goes on: at most 0.0.
"""

import warnings

import torch
from torch import Tensor

from dealias.errors import Note, UserError
from dealias.kind import SMALLEST, kind_of

CONCENTRATED = 0.25
NEAR = 2  # samples that a peak may lie beside the middle without a word
GOES_ON, CLEAR = 0.1, 0.003  # of the energy inside an edge; share of all energy that this must be
SWAPPED = 3.0
SWAP = "k-space was made by fftshift(fft2(x)); make it by fftshift(fft2(ifftshift(x)))"
Shift = tuple[str, str, str]
NUMPY_SHIFT: Shift = (
    "numpy.fft.fftshift(kspace, axes=-2)",
    "numpy.fft.fftshift(kspace, axes=-1)",
    "numpy.fft.fftshift(kspace, axes=(-2, -1))",
)


def check_centred(kspace: Tensor, shift: Shift = NUMPY_SHIFT) -> None:
    """Raise where the zero frequency of k-space (..., y, x), as a file holds it, lies at an edge of the matrix.

    Where it lies elsewhere beside the middle, as that of partial Fourier scans, a Note says so. Matrices of less than
    16 rows or columns pass: too few samples to tell. So does what looks like images.

    Arguments:
        shift: what moves the centre of rows, of columns, or of both from an edge to the middle.

    Raises:
        UserError: where k-space is not centred, or is so in some slices only.
    """
    y, x = kspace.shape[-2:]
    if min(y, x) < SMALLEST or not kspace.any():
        return
    energy, samples = _energy(kspace), (kspace != 0).reshape(-1, y, x).sum(0)
    around = _box_sum(energy)
    beyond = around - _box_sum(samples / samples.sum())
    place = divmod(int(around.argmax()), x)
    if beyond[place] > CONCENTRATED and around[y // 2, x // 2] < around[place] / 2 and kind_of(kspace) != "images":
        peak = divmod(int(energy.argmax()), x)
        what = "its peak lies at"
        if abs(peak[0] - y // 2) <= NEAR and abs(peak[1] - x // 2) <= NEAR:  # one strong sample
            peak, what = place, "most of its energy lies around"
        where = f"{what} row {peak[0]}, column {peak[1]} of {y} x {x}"
        edges = [axis for axis in (0, 1) if _goes_on(energy, samples, peak[axis], axis)]
        if edges:
            raise UserError(
                f"k-space is not centred: {where}; shift it with {shift[2 if len(edges) == 2 else edges[0]]}"
            )
        warnings.warn(
            Note(f"k-space is taken for partial Fourier as acquired: {where}{_left_out(peak, (y, x))}"), stacklevel=3
        )
        return
    corners = (((0, 0), (0, 1)), ((0, x // 2), (0,)), ((y // 2, 0), (1,)))
    if any(
        beyond[corner] > CONCENTRATED and all(_goes_on(energy, samples, 0, axis) for axis in axes)
        for corner, axes in corners
    ):
        raise UserError(f"part of k-space is centred and part is not; shift the rest with {shift[2]}")


def _goes_on(energy: Tensor, samples: Tensor, place: int, axis: int) -> bool:
    """Whether the energy around a place near an edge goes on at the opposite edge, as no scan's does.

    Arguments:
        energy: share of each frequency (y, x).
        samples: how many there are (y, x).
        axis: of rows (0) or columns (1), along which the place lies.
    """
    profile, count = energy.sum(1 - axis), samples.sum(1 - axis)
    sampled, size = count > 0, len(profile)
    level = profile / count.clamp_min(1)
    level = torch.where(sampled, level - level[sampled].median(), 0)  # above the noise
    steps = torch.arange(1, size // 8 + 1)
    below, above = place - steps, place + steps
    outside = (below < 0) | (above >= size)
    beyond, inside = (side[outside] % size for side in ((below, above) if place < size // 2 else (above, below)))
    if not len(inside) or float((level * count)[inside].sum()) < CLEAR or not sampled[beyond].any():
        return False
    return float(level[beyond].sum() / sampled[beyond].sum()) > GOES_ON * float(
        level[inside].sum() / sampled[inside].sum()
    )


def _left_out(peak: tuple[int, int], shape: tuple[int, int]) -> str:
    """Return which rows and columns of zeros would bring the peak to the middle."""
    off = [place - size // 2 for place, size in zip(peak, shape, strict=True)]
    sides = (("above", "below", "rows"), ("left of", "right of", "columns"))
    parts = [
        f"{2 * abs(n)} {unit} of zeros {before if n < 0 else after} it"
        for n, (before, after, unit) in zip(off, sides, strict=True)
        if abs(n) > NEAR
    ]
    return f"; {' and '.join(parts)} would make the whole matrix" if parts else ""


def central_share(kspace: Tensor) -> float:
    """Return the share of energy that a quarter of the rows and columns around the centre holds."""
    around = _box_sum(_energy(kspace))
    return float(around[kspace.shape[-2] // 2, kspace.shape[-1] // 2])


def quadrants_swapped(images: Tensor) -> bool:
    """Whether bodies lie at the corners of images (..., y, x), as where k-space was made by `fftshift(fft2(x))`.

    More energy lies in the outermost eighth of rows and columns than in the middle one. Of measured images, wrapped
    ones too, the product of both ratios is 1 at the most, and mostly below 0.03.
    """
    y, x = images.shape[-2:]
    if min(y, x) < SMALLEST or not images.any():
        return False
    energy, product = _energy(images), 1.0
    for axis, size in enumerate((y, x)):
        profile, half = energy.sum(1 - axis), size // 16
        middle = profile[size // 2 - half : size // 2 + half + 1].sum()
        outermost = profile[: half + 1].sum() + profile[size - half :].sum()
        product *= float(outermost / middle.clamp_min(torch.finfo(middle.dtype).tiny))
    return product > SWAPPED


def _energy(kspace: Tensor) -> Tensor:
    """Return the share of energy (y, x) of each frequency."""
    size = kspace.abs().reshape(-1, *kspace.shape[-2:])
    energy = torch.linalg.vector_norm(size / size.max(), dim=0).double().square()
    return energy / energy.sum()


def _box_sum(value: Tensor) -> Tensor:
    """Return the sum over a box of a quarter of the rows and columns around each point, periodically."""
    for axis, size in enumerate(value.shape):
        half = size // 8
        around = torch.cat((value.narrow(axis, size - half, half), value, value.narrow(axis, 0, half)), axis)
        value = around.unfold(axis, 2 * half + 1, 1).sum(-1)
    return value
