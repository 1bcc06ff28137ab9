"""Cartesian multi-coil encoding: A = M F S.

S multiplies by the coil sensitivities, F is the orthonormal two-dimensional FFT, M keeps what was sampled.

Where whole lines were sampled, M is the same all along them and so commutes with the FFT in their direction, which
cancels in A^H A: one FFT across the lines is enough.
"""

from functools import cached_property

import torch
from torch import Tensor

from dealias.linear_operator import LinearOperator
from dealias.shapes import Image, Kspace, Maps, Mask


class Cartesian(LinearOperator):
    """From an image (*batch, y, x) to its k-space (*batch, coil, y, x), in FFT order.

    Arguments:
        mask: what was sampled, in FFT order.
        maps: coil sensitivities in image space; None is one coil of uniform sensitivity.
    """

    def __init__(self, mask: Mask, maps: Maps | None = None) -> None:
        self.mask = mask
        self.maps = maps
        self.projects = maps is None

    @cached_property
    def axes(self) -> tuple[int, ...]:
        """The axes along which the mask changes, -2 (y) and -1 (x); the last where it changes along none."""
        changing = (axis for axis in (-2, -1) if not bool((self.mask == self.mask.narrow(axis, 0, 1)).all()))
        return tuple(changing) or (-1,)

    def forward(self, x: Image) -> Kspace:
        """Return the sampled k-space of an image."""
        coils = x.unsqueeze(-3) if self.maps is None else self.maps * x.unsqueeze(-3)
        return self.mask * torch.fft.fft2(coils, norm="ortho")

    def adjoint(self, y: Kspace) -> Image:
        """Return the zero-filled image, coils combined with their conjugate maps."""
        return self._combine(torch.fft.ifft2(self.mask * y, norm="ortho"))

    def normal(self, x: Image) -> Image:
        """Return A^H A x, masking once and in place."""
        coils = torch.fft.fftn(x.unsqueeze(-3) if self.maps is None else self.maps * x.unsqueeze(-3), dim=self.axes)
        coils *= self.mask
        return self._combine(torch.fft.ifftn(coils, dim=self.axes))

    def spectrum(self, x: Image) -> Tensor:
        """Return the eigenvalues of the circulant matrix nearest to A^H A: exactly its own without maps.

        They are the mask, blurred by the power spectrum of the maps.
        """
        mask = self.mask.squeeze(-3).to(x.real.dtype)
        if self.maps is None:
            return mask
        mask = mask.expand(*mask.shape[:-2], *x.shape[-2:])  # an axis of size 1 is constant, no single line
        power = torch.fft.fft2(self.maps, norm="forward").abs().square().sum(-3)
        return torch.fft.ifft2(torch.fft.fft2(mask) * torch.fft.fft2(power).conj()).real

    def _combine(self, coils: Tensor) -> Tensor:
        return coils.squeeze(-3) if self.maps is None else (self.maps.conj() * coils).sum(-3)
