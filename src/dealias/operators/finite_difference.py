"""Finite differences of neighbouring pixels, down and to the right; the last pixel's neighbour is the first.

    (D x)_1 = x[i+1, j] - x[i, j],  (D x)_2 = x[i, j+1] - x[i, j],  indices modulo the axis

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
    """From an image (*batch, y, x) to its differences along both axes (*batch, 2, y, x), complex or real."""

    def forward(self, x: Image) -> Tensor:
        """Return the differences, those along y first."""
        return torch.stack((x.roll(-1, -2) - x, x.roll(-1, -1) - x), -3)

    def adjoint(self, y: Tensor) -> Image:
        """Return the negative divergence of the differences."""
        down, right = y.unbind(-3)
        return down.roll(1, -2) - down + right.roll(1, -1) - right

    def spectrum(self, x: Image) -> Tensor:
        """Return the eigenvalues of D^H D (y, x): the sum of 2 - 2 cos of the frequencies."""
        like = {"dtype": x.real.dtype, "device": x.device}
        rows, columns = (2 - 2 * torch.cos(2 * torch.pi * torch.fft.fftfreq(n, **like)) for n in x.shape[-2:])
        return rows[:, None] + columns
