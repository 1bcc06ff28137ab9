"""The end-to-end variational network: k-space is refined, and the coil maps are learned with it.

    k_{t+1} = k_t - eta_t M (k_t - y) - F E(U_t(R F^-1 k_t)),  k_0 = y,  R c = sum_c conj(S_c) c_c,  E x = (S_c x)_c

| End-to-End Variational Networks for Accelerated MRI Reconstruction (Sriram et al., 2020), equations 6 to 8
| https://arxiv.org/abs/2004.06688

The sign before the U-Net is that of the authors' code, whose U-Nets find the mean of what they see too; here they do
so with `authors_conventions` alone, since what is taken off in one cascade has to come back in the next. Their image
is a magnitude, the root sum of squares over the coils of F^-1 k_T; here it has the phase of R F^-1 k_T. The maps are
those of the network, whatever others there are. `start="wavelet"` fills what was not measured with what compressed
sensing has there. A new network begins at its start, and its maps are the coil images of the centre.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.method import Method
from dealias.methods._cascade import run, steps
from dealias.methods._learned_maps import LearnedMaps
from dealias.methods._start import sparse_image
from dealias.networks.beginning import soften
from dealias.networks.channels import check_sizes, to_channels, to_image
from dealias.networks.normalised_unet import NormalisedUNet
from dealias.problem import P, Problem
from dealias.shapes import Image, Kspace, Maps


class E2EVarNet(Method):
    """The image of the last cascade; 29,936,966 parameters, those of fastMRI, whose published files it reads.

    Arguments:
        features: of each cascade's U-Net, at full resolution.
        iterations: cascades; fewer at run time.
        poolings: how often the resolution is halved.
        map_features: of the U-Net that makes coil maps, at full resolution.
        map_poolings: how often its resolution is halved.
        start: k_0, what was measured alone, or with what a sparse image by 20 iterations has elsewhere, for which
            coil maps are estimated as for other methods.
        authors_conventions: the weights are its authors': the phase of the data stays as it is, a single coil has a
            map too, and U-Nets find means.
        recompute: in training, recompute each cascade on the way back instead of storing it: less memory.
    """

    def __init__(
        self,
        features: int = 18,
        iterations: int = 12,
        poolings: int = 4,
        map_features: int = 8,
        map_poolings: int = 4,
        start: Literal["measured", "wavelet"] = "measured",
        authors_conventions: bool = False,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(features=features, iterations=iterations, poolings=poolings)
        check_sizes(map_features=map_features, map_poolings=map_poolings)
        if start not in ("measured", "wavelet"):
            raise UserError("start is measured or wavelet; correct it")
        self.iterations = iterations
        self.sparse = start == "wavelet"
        self.own_maps = not self.sparse
        self.authors_conventions = authors_conventions
        self.recompute = recompute
        self.maps = LearnedMaps(map_features, map_poolings, upright=not authors_conventions)
        self.cascades = nn.ModuleList(_Cascade(features, poolings, authors_conventions) for _ in range(iterations))

    def prepared(self, problem: P) -> P:
        """Return the problem with the maps of the network; a single coil has none, but to the authors.

        Raises:
            UserError: for a problem without k-space, or several coils without a fully sampled centre.
        """
        scan = _acquisition(problem)
        return problem if self.sparse else cast(P, self._with_maps(scan))

    def normalised(self, problem: P) -> tuple[P, Tensor]:
        """Return the problem at scale one, upright but for the weights of its authors."""
        normalised, scale = super().normalised(problem)
        if not self.authors_conventions:
            return normalised, scale
        return normalised.scaled(scale.sgn()), scale.abs()

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one image per cascade.

        Raises:
            UserError: for a problem without k-space, or more iterations than there are cascades.
        """
        scan = _acquisition(problem)
        k = scan.kspace
        if self.sparse:
            full = replace(scan, mask=torch.ones_like(scan.mask))
            k = torch.where(scan.mask, k, full.operator(sparse_image(scan)))
            scan = self._with_maps(scan)
        maps = torch.ones_like(scan.kspace[..., :1, :, :]) if scan.maps is None else scan.maps
        coils = torch.fft.ifft2(k, norm="ortho")
        for cascade in steps(self.cascades, self.iterations):
            k = run(cascade, k, scan.kspace, scan.mask, coils, maps, recompute=self.recompute)
            coils = torch.fft.ifft2(k, norm="ortho")
            yield _root_sum_of_squares(coils) * _reduced(coils, maps).sgn()

    def _with_maps(self, scan: Acquisition) -> Acquisition:
        if scan.coils == 1 and not self.authors_conventions:
            return scan
        return replace(scan, maps=self.maps(scan))


class _Cascade(nn.Module):
    def __init__(self, features: int, poolings: int, mean: bool) -> None:
        super().__init__()
        self.step = nn.Parameter(torch.ones(1))  # eta
        self.network = NormalisedUNet(2, features, poolings, mean)
        soften(self.network.network.outwards)

    def forward(self, k: Kspace, y: Kspace, mask: Tensor, coils: Kspace, maps: Maps) -> Kspace:
        x = _reduced(coils, maps)
        x = to_image(self.network(to_channels(x)), x)
        return k - self.step * mask * (k - y) - torch.fft.fft2(maps * x.unsqueeze(-3), norm="ortho")


def _acquisition(problem: Any) -> Acquisition:
    if not isinstance(problem, Acquisition):
        raise UserError("the end-to-end variational network needs k-space of coils; take varnet for other problems")
    return problem


def _reduced(coils: Kspace, maps: Maps) -> Image:
    return (maps.conj() * coils).sum(-3)


def _root_sum_of_squares(coils: Kspace) -> Tensor:
    energy = coils.abs().square().sum(-3)
    return energy.clamp_min(torch.finfo(energy.dtype).tiny).sqrt()
