"""Is k-space centred? Its energy says so.

On measured data a box of a quarter of the rows and columns around the centre holds more than 0.8 of the
energy, one around the corner at most 0.01. What counts is the share of energy beyond the share of samples:
noise alone, or a few samples wherever they lie, say nothing and pass.
"""

import torch
from torch import Tensor

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
    energy, samples = _energy(kspace), (kspace != 0).reshape(-1, y, x).sum(0)
    around = _box_sum(energy)
    beyond = around - _box_sum(samples / samples.sum())
    place = divmod(int(around.argmax()), x)
    if beyond[place] > CONCENTRATED and around[y // 2, x // 2] < around[place] / 2:
        row, column = divmod(int(energy.argmax()), x)
        raise UserError(
            f"k-space is not centred: its peak lies at row {row}, column {column} of {y} x {x}; "
            "shift it with numpy.fft.fftshift(kspace, axes=(-2, -1)) or numpy.roll"
        )
    if any(beyond[corner] > CONCENTRATED for corner in ((0, 0), (0, x // 2), (y // 2, 0))):
        raise UserError("part of k-space is centred and part is not; shift the rest with numpy.fft.fftshift")


def central_share(kspace: Tensor) -> float:
    """Return the share of energy that a quarter of the rows and columns around the centre holds."""
    return shares(kspace)[0]


def shares(kspace: Tensor) -> tuple[float, float]:
    """Return the shares of energy that such a box holds around the centre, and around the corner."""
    around = _box_sum(_energy(kspace))
    return float(around[kspace.shape[-2] // 2, kspace.shape[-1] // 2]), float(around[0, 0])


def densest_share(value: Tensor) -> float:
    """Return the share of energy that a quarter of the rows and columns holds where that is most."""
    return float(_box_sum(_energy(value)).max()) if bool(value.any()) else 0.0


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
