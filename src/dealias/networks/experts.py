"""Fields of experts: filters, an activation function of each that is learned point by point, and the filters turned.

    sum_i K_i^T phi_i(K_i x),  phi_i(z) = 0.4 sum_j w_ij exp(-(z - mu_j)^2 / (2 s^2)),  mu_j = -I, -I + s, ..., I

| Learning a Variational Network for Reconstruction of Accelerated MRI Data (Hammernik et al., 2018), equations 7 and 8
| https://arxiv.org/abs/1704.00447

0.4 is near 1 / sqrt(2 pi), with which the Gaussians add up to one: phi goes through its weights.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from dealias.networks.borders import mirrored
from dealias.shapes import Channels

SLOPE = 0.04  # of the activation functions at first


class Experts(nn.Module):
    """Maps an image's channels (problem, channel, y, x) to the gradient of what the filters make of it.

    The filters that work are the parameters without their mean, and of norm one where they would be longer: where the
    paper projects after each update, the network never sees anything else.

    Arguments:
        channels: real channels of an image; one feature sees all of them.
        features: filters.
        size: side of the filters, an odd number.
        nodes: Gaussians of each activation function.
        reach: I, the activation functions' range; beyond it they fall to zero.
    """

    def __init__(self, channels: int, features: int, size: int, nodes: int, reach: float) -> None:
        super().__init__()
        self.kernels = nn.Parameter(torch.randn(features, channels, size, size) / size)
        self.weights = nn.Parameter(SLOPE * torch.linspace(-reach, reach, nodes).repeat(features, 1))
        self.reach = reach

    @property
    def filters(self) -> Tensor:
        """The filters (feature, channel, y, x): each channel of zero mean, each filter of norm one at most."""
        kernels = self.kernels - self.kernels.mean((-2, -1), keepdim=True)
        return kernels / kernels.square().sum((1, 2, 3), keepdim=True).clamp_min(1).sqrt()

    def forward(self, x: Channels) -> Channels:
        """Return the sum over all filters, borders mirrored."""
        filters = self.filters
        responses = conv2d(mirrored(x, filters.shape[-1] - 1, edges_twice=True), filters)
        active = _Activation.apply(responses, self.weights, self.reach)  # type: ignore[no-untyped-call]
        return conv2d(active, filters.flip(-2, -1).transpose(0, 1))


class _Activation(torch.autograd.Function):
    """phi of each feature; one Gaussian after the other, so that only what came in is stored."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, weights: Tensor, reach: float) -> Tensor:
        ctx.save_for_backward(z, weights)
        ctx.reach = reach
        total = torch.zeros_like(z)
        for node, weight in zip(_nodes(weights, reach), weights.T, strict=True):
            total += weight[:, None, None] * _gaussian(z - node, _width(weights, reach))
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        z, weights = ctx.saved_tensors
        slope, ascents = torch.zeros_like(z), []
        width = _width(weights, ctx.reach)
        for node, weight in zip(_nodes(weights, ctx.reach), weights.T, strict=True):
            basis = _gaussian(z - node, width)
            ascents.append((gradient * basis).sum((0, 2, 3)))
            slope -= weight[:, None, None] * basis * (z - node) / width**2
        return gradient * slope, torch.stack(ascents, 1), None


def _nodes(weights: Tensor, reach: float) -> Tensor:
    return torch.linspace(-reach, reach, weights.shape[1], dtype=weights.dtype, device=weights.device)


def _width(weights: Tensor, reach: float) -> float:
    return 2 * reach / max(1, weights.shape[1] - 1)


def _gaussian(distance: Tensor, width: float) -> Tensor:
    return 0.4 * torch.exp(distance.square() / (-2 * width**2))
