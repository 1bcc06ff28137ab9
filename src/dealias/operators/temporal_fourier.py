"""Fourier transform along time: a film that repeats itself has few temporal frequencies.

    q(f) = 1 / sqrt(T) sum_t x(t) exp(-2 pi i f t / T)

| k-t BLAST and k-t SENSE: dynamic MRI with high frame rate (Tsao, Boesiger and Pruessmann, 2003)
| https://doi.org/10.1002/mrm.10611
"""

import torch

from dealias.linear_operator import LinearOperator
from dealias.shapes import Image


class TemporalFourier(LinearOperator):
    """From a film (*batch, time, y, x) to its temporal frequencies, zero first; orthonormal."""

    coupled = 3

    def forward(self, x: Image) -> Image:
        """Return the temporal frequencies."""
        return torch.fft.fft(x, dim=-3, norm="ortho")

    def adjoint(self, y: Image) -> Image:
        """Return the film of these frequencies, complex."""
        return torch.fft.ifft(y, dim=-3, norm="ortho")

    def normal(self, x: Image) -> Image:
        """Return x: the transform is orthonormal."""
        return x
