"""Finite differences of neighbouring pixels along each axis; the last pixel's neighbour is the first.

    (D x)_a = x[i + e_a] - x[i],  e_a one step along the axis a, indices modulo the axis

| Nonlinear total variation based noise removal algorithms (Rudin, Osher and Fatemi, 1992), section 3
| https://doi.org/10.1016/0167-2789(92)90242-F

Periodic ends make D^H D diagonal in the frequencies; the field of view of an MR image is periodic too, and empty at
its ends.
"""

import torch
from torch import Tensor

from dealias.linear_operator import LinearOperator
from dealias.shapes import Image


class FiniteDifference(LinearOperator):
    """From an image (*batch, y, x) to its differences (*batch, 2, y, x), complex or real; of a volume to three.

    Arguments:
        coupled: trailing axes of the image along which it differs.
    """

    def __init__(self, coupled: int = 2) -> None:
        self.coupled = coupled

    def forward(self, x: Image) -> Tensor:
        """Return the differences, those along the first of the axes first."""
        return torch.stack([x.roll(-1, axis) - x for axis in range(-self.coupled, 0)], -self.coupled - 1)

    def adjoint(self, y: Tensor) -> Image:
        """Return the negative divergence of the differences."""
        parts = y.unbind(-self.coupled - 1)
        first, *others = (part.roll(1, axis) - part for axis, part in zip(range(-self.coupled, 0), parts, strict=True))
        return sum(others, first)

    def spectrum(self, x: Image) -> Tensor:
        """Return the eigenvalues of D^H D (y, x): the sum of 2 - 2 cos of the frequencies."""
        total = x.real.new_zeros(())
        for axis in range(-self.coupled, 0):
            frequencies = torch.fft.fftfreq(x.shape[axis], dtype=x.real.dtype, device=x.device)
            along = 2 - 2 * torch.cos(2 * torch.pi * frequencies)
            total = total + along.reshape(-1, *(1,) * (-1 - axis))
        return total
