"""Is k-space centred? Its energy says so.

On measured data a box of a quarter of the rows and columns around the centre holds more than 0.8 of the
energy, one around the corner at most 0.01. What counts is the share of energy beyond the share of samples:
noise alone, or a few samples wherever they lie, say nothing and pass.
"""

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.kind import SMALLEST, kind_of

CONCENTRATED = 0.25
NEAR = 2  # samples that a peak may lie beside the middle, or beside an edge
SWAPPED = 3.0
SWAP = "k-space was made by fftshift(fft2(x)); make it by fftshift(fft2(ifftshift(x)))"
Shift = tuple[str, str, str]
NUMPY_SHIFT: Shift = (
    "numpy.fft.fftshift(kspace, axes=-2)",
    "numpy.fft.fftshift(kspace, axes=-1)",
    "numpy.fft.fftshift(kspace, axes=(-2, -1))",
)


def check_centred(kspace: Tensor, shift: Shift = NUMPY_SHIFT) -> None:
    """Raise where the energy of k-space (..., y, x), as a file holds it, lies elsewhere than at its centre.

    Matrices of less than 16 rows or columns pass: too few samples to tell. So does what looks like images.

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
        row, column = divmod(int(energy.argmax()), x)
        what = "its peak lies at"
        if abs(row - y // 2) <= NEAR and abs(column - x // 2) <= NEAR:  # one strong sample
            (row, column), what = place, "most of its energy lies around"
        raise UserError(
            f"k-space is not centred: {what} row {row}, column {column} of {y} x {x}; "
            + _remedy((row, column), (y, x), shift)
        )
    if any(beyond[corner] > CONCENTRATED for corner in ((0, 0), (0, x // 2), (y // 2, 0))):
        raise UserError(f"part of k-space is centred and part is not; shift the rest with {shift[2]}")


def _remedy(peak: tuple[int, int], shape: tuple[int, int], shift: Shift) -> str:
    """Return how to bring the peak to the middle: a shift from a corner or edge, else the samples that are missing."""
    off = [place - size // 2 for place, size in zip(peak, shape, strict=True)]
    edge = [abs(abs(n) - size // 2) <= NEAR for n, size in zip(off, shape, strict=True)]
    if any(edge) and all(at_edge or abs(n) <= NEAR for at_edge, n in zip(edge, off, strict=True)):
        return f"shift it with {shift[2 if all(edge) else edge.index(True)]}"
    sides = (("above", "below", "rows"), ("left of", "right of", "columns"))
    parts = [
        f"{2 * abs(n)} {unit} of zeros {before if n < 0 else after} it"
        for n, (before, after, unit) in zip(off, sides, strict=True)
        if abs(n) > NEAR
    ]
    padding = f"if the rest was not acquired (partial Fourier), add {' and '.join(parts)}; else " if parts else ""
    return f"{padding}roll it to the middle"


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
