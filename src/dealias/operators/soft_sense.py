"""Cartesian encoding of several sets of coil maps, whose images add up: y = M F sum_s S_s x_s.

S_s multiplies by the maps of a set, F is the orthonormal two-dimensional FFT, M keeps what was sampled.

| ESPIRiT, an eigenvalue approach to autocalibrating parallel MRI (Uecker et al., 2014), the section of soft SENSE
| https://doi.org/10.1002/mrm.24751
"""

import torch
from torch import Tensor

from dealias.linear_operator import LinearOperator
from dealias.operators.cartesian import Cartesian
from dealias.shapes import Kspace, Mask, Sets, SetsOfMaps


class SumOfSets(LinearOperator):
    """From the images of all sets (*batch, set, y, x) to k-space (*batch, coil, y, x), in FFT order.

    Arguments:
        mask: what was sampled, in FFT order.
        maps: coil sensitivities in image space.
    """

    coupled = 3

    def __init__(self, mask: Mask, maps: SetsOfMaps) -> None:
        self.mask = mask
        self.maps = maps
        self.axes = Cartesian(mask).axes  # across whole lines one FFT is enough, as of one set

    def forward(self, x: Sets) -> Kspace:
        """Return the sampled k-space of the images together."""
        return self.mask * torch.fft.fft2(self._added(x), norm="ortho")

    def adjoint(self, y: Kspace) -> Sets:
        """Return the zero-filled image of each set."""
        return self._combined(torch.fft.ifft2(self.mask * y, norm="ortho"))

    def normal(self, x: Sets) -> Sets:
        """Return A^H A x: as many FFTs as of one set."""
        coils = torch.fft.fftn(self._added(x), dim=self.axes)
        coils *= self.mask
        return self._combined(torch.fft.ifftn(coils, dim=self.axes))

    def spectrum(self, x: Sets) -> Tensor:
        """Return for each set, on its own, the eigenvalues along y and x of the circulant matrix nearest to A^H A."""
        return Cartesian(self.mask.unsqueeze(-4), self.maps).spectrum(x)

    def _added(self, x: Sets) -> Tensor:
        """Return what each coil sees (*batch, coil, y, x)."""
        return (self.maps * x.unsqueeze(-3)).sum(-4)

    def _combined(self, coils: Kspace) -> Sets:
        return (self.maps.conj() * coils.unsqueeze(-4)).sum(-3)
