"""The first weights of networks that refine an image: they begin near the image that they start from.

A U-Net with PyTorch's own weights adds an image of noise, which the first minutes of a training only take off again.
So its last layer begins a hundredth as large, which ADAM, whose steps know no scale, soon lets grow.
"""

from typing import Any

import torch
from torch import Tensor, nn

from dealias.networks.unet import SLOPE, UNetwork

SHARE = 0.01


def soften(layer: nn.Module) -> None:
    """Make a last layer's first weights a hundredth of what they are."""
    with torch.no_grad():
        for values in layer.parameters():
            values.mul_(SHARE)


def pass_on(network: UNetwork) -> None:
    """Set the first weights of a normalised network so that it gives what it sees, but for mean and scale.

    Of each channel one feature carries the values and another their opposites: the activation lets the positive ones
    pass and `SLOPE` of the others. Networks of fewer features than that stay as they are.
    """
    channels, features = network.outwards.out_channels, network.outwards.in_channels
    count = 2 * channels
    if features < count:
        return
    one = torch.eye(channels)
    apart = torch.stack((one, -one), 1).flatten(0, 1)
    together = apart.T / (1 + SLOPE)
    onwards = apart @ together
    soften(network.outwards)
    with torch.no_grad():
        network.outwards.weight[:, :count, 0, 0] = together
        # what comes in, at full resolution, joins the way back behind the features of the coarser ones
        pairs: tuple[Any, ...] = (network.down[0], 0, apart), (network.up[-1], features, onwards)
        for (first, _, _, second, *_), place, weights in pairs:
            _carry(first, place, weights)
            _carry(second, 0, onwards)


def _carry(layer: nn.Conv2d, place: int, weights: Tensor) -> None:
    """Let a layer's first features be combinations of those that come in from a place on, each pixel by itself."""
    count, inputs = weights.shape
    layer.weight[:count] = 0
    layer.weight[:count, place : place + inputs, 1, 1] = weights
