"""Is k-space centred? Its energy says so.

On measured data a box of a quarter of the rows and columns around the centre holds more than 0.8 of the
energy, one around the corner at most 0.01. What counts is the share of energy beyond the share of samples:
noise alone, or a few samples wherever they lie, say nothing and pass.
"""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from dealias.errors import UserError

CONCENTRATED = 0.25
SMALLEST = 16


def check_centred(kspace: Tensor) -> None:
    """Raise where the energy of k-space (..., y, x), as a file holds it, lies elsewhere than at its centre.

    Matrices of less than 16 rows or columns pass: too few samples to tell.

    Raises:
        UserError: where k-space is not centred, or is so in some slices only.
    """
    y, x = kspace.shape[-2:]
    if min(y, x) < SMALLEST or not kspace.any():
        return
    excess = _energy_around(kspace) - _samples_around(kspace)
    centre, peak = float(excess[y // 2, x // 2]), float(excess.max())
    if peak > CONCENTRATED and centre < peak / 2:
        row, column = divmod(int(excess.argmax()), x)
        raise UserError(
            f"k-space is not centred: its energy lies around row {row}, column {column} of {y} x {x}; "
            "shift it with numpy.fft.fftshift(kspace, axes=(-2, -1)) or numpy.roll"
        )
    shifted = max(float(excess[place]) for place in ((0, 0), (0, x // 2), (y // 2, 0)))
    if shifted > CONCENTRATED:
        raise UserError("part of k-space is centred and part is not; shift the rest with numpy.fft.fftshift")


def central_share(kspace: Tensor) -> float:
    """Return the share of energy that a quarter of the rows and columns around the centre holds."""
    return float(_energy_around(kspace)[kspace.shape[-2] // 2, kspace.shape[-1] // 2])


def _energy_around(kspace: Tensor) -> Tensor:
    size = kspace.abs()
    energy = torch.linalg.vector_norm((size / size.max()).flatten(0, -3), dim=0).double().square()
    return _box_sum(energy / energy.sum())


def _samples_around(kspace: Tensor) -> Tensor:
    samples = (kspace != 0).flatten(0, -3).double().mean(0)
    return _box_sum(samples / samples.sum())


def _box_sum(value: Tensor) -> Tensor:
    """Return the sum over a box of a quarter of the rows and columns around each point, periodically."""
    half = [n // 8 for n in value.shape]
    around = pad(value[None], (half[1], half[1], half[0], half[0]), mode="circular")
    box = (2 * half[0] + 1, 2 * half[1] + 1)
    return avg_pool2d(around, box, stride=1)[0] * (box[0] * box[1])
