"""Coil maps from a network that sees the image of each coil as the fully sampled centre of k-space shows it.

    S_c = U(F^-1 M_centre y_c) / sqrt(sum_c |U(F^-1 M_centre y_c)|^2)

| End-to-End Variational Networks for Accelerated MRI Reconstruction (Sriram et al., 2020), equation 8
| https://arxiv.org/abs/2004.06688
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from dealias.acquisition import Acquisition
from dealias.coils.square import around_middle, side
from dealias.errors import UserError
from dealias.fft_order import shift_mask
from dealias.networks.beginning import pass_on
from dealias.networks.channels import to_channels, to_image
from dealias.networks.normalised_unet import NormalisedUNet
from dealias.problem import size_and_phase
from dealias.shapes import Kspace, Maps, Mask


class LearnedMaps(nn.Module):
    """From an acquisition to maps of its coils (*batch, coil, y, x).

    Arguments:
        features: of the U-Net, at full resolution.
        poolings: how often its resolution is halved.
        upright: turn all coils together so that maps do not depend on the phase of the data.
    """

    def __init__(self, features: int, poolings: int, upright: bool = True) -> None:
        super().__init__()
        self.upright = upright
        self.network = NormalisedUNet(2, features, poolings)
        pass_on(self.network.network)

    def forward(self, acquisition: Acquisition) -> Maps:
        """Return the maps; those that the acquisition has, where the middle of k-space was not sampled.

        Raises:
            UserError: where it was not, and there are none.
        """
        mask = acquisition.centred_mask.expand(*acquisition.kspace.shape[:-3], 1, *acquisition.shape[-2:])
        centre = fully_sampled_centre(mask)
        seen = centre.any(-1, keepdim=True).any(-2, keepdim=True)
        if acquisition.maps is None and not bool(seen.all()):
            raise UserError("learned coil maps need a fully sampled centre of k-space; sample one, or give --maps FILE")
        coils = replace(acquisition, kspace=acquisition.kspace * shift_mask(centre)).coil_images
        if self.upright:
            coils = coils * _turn(coils)
        maps = unit(to_image(self.network(to_channels(coils)), coils))
        return maps if acquisition.maps is None else torch.where(seen, maps, acquisition.maps)


def unit(maps: Maps) -> Maps:
    """Return maps divided by their root sum of squares; zero where that is."""
    energy = maps.abs().square().sum(-3, keepdim=True)
    return torch.where(energy > 0, maps / torch.where(energy > 0, energy, 1).sqrt(), 0)


def fully_sampled_centre(mask: Mask) -> Mask:
    """Return where the sampled middle of a centred mask (..., 1, y, x) is: symmetric lines, or else a square."""
    kept = torch.stack([_centre(pattern) for pattern in mask.reshape(-1, *mask.shape[-2:])])
    return kept.reshape(mask.shape)


def _centre(pattern: Tensor) -> Tensor:
    rows, columns = pattern.shape
    if bool((pattern == pattern[:1]).all()):
        return _run(pattern[0]).expand(rows, columns)
    if bool((pattern == pattern[:, :1]).all()):
        return _run(pattern[:, 0])[:, None].expand(rows, columns)
    width = max(1, side(pattern))
    within = [(torch.arange(n, device=pattern.device) - n // 2 + width // 2) for n in (rows, columns)]
    y, x = ((0 <= place) & (place < width) for place in within)
    return y[:, None] & x & pattern


def _run(sampled: Tensor) -> Tensor:
    """Return the symmetric run of sampled lines around the middle one; that one alone, where it has no neighbour."""
    if bool(sampled.all()):
        return sampled
    middle, count = len(sampled) // 2, 2 * min(around_middle(sampled))
    kept = torch.zeros_like(sampled)
    kept[middle - count // 2 : middle + max(1, count // 2)] = True
    return kept & sampled


def _turn(coils: Kspace) -> Tensor:
    """Return the number of each problem that turns sum c|c| over all its coils' pixels to the real axis."""
    return size_and_phase(coils, (-3, -2, -1))[1].conj()
