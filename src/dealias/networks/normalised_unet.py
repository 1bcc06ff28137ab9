"""The U-Net between a normalisation and its inverse, so that it meets images of any scale alike.

    D^-1 U(D x),  D x = (x - mean) / deviation, of the real and of the imaginary part each by itself

| End-to-End Variational Networks for Accelerated MRI Reconstruction (Sriram et al., 2020), section 3.2
| https://arxiv.org/abs/2004.06688
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from dealias.networks.unet import UNetwork
from dealias.shapes import Channels

UNIT = 16  # sides are padded to multiples of it, as the authors do whatever the number of poolings


class NormalisedUNet(nn.Module):
    """Maps channels (problem, channel, y, x) of any size to as many; 2,454,338 parameters with 2, 18 and 4.

    Arguments:
        channels: real channels of an image: 2 where it is complex, 1 where it is real.
        features: channels at full resolution; each coarser one has twice as many.
        poolings: how often the resolution is halved.
        mean: whether the mean of what it sees is added again, as the authors do.
    """

    def __init__(self, channels: int, features: int, poolings: int, mean: bool = True) -> None:
        super().__init__()
        self.mean = mean
        self.network = UNetwork(channels, channels, features, poolings, "average", normalised=True)
        self.unit = max(UNIT, 2**poolings)

    def forward(self, x: Channels) -> Channels:
        """Return the image of the network, of the scale and place of its input; a constant channel stays constant."""
        mean = x.mean((2, 3), keepdim=True)
        deviation = _deviation(x, mean)
        rows, columns = x.shape[-2:]
        top, left = (-rows % self.unit) // 2, (-columns % self.unit) // 2
        sides = left, -columns % self.unit - left, top, -rows % self.unit - top
        seen = pad((x - mean) / torch.where(deviation > 0, deviation, 1), sides)
        found = self.network(seen)[..., top : top + rows, left : left + columns] * deviation
        return found + mean if self.mean else found


def _deviation(x: Channels, mean: Tensor) -> Tensor:
    """Return the standard deviation of each channel; zero, and of a finite gradient, where rounding alone is seen."""
    variance = x.var((2, 3), keepdim=True, correction=1 if x[0, 0].numel() > 1 else 0)
    energy = (mean.square() + variance).amax(1, keepdim=True)
    seen = variance > energy * (10 * torch.finfo(x.dtype).eps) ** 2
    return torch.where(seen, torch.where(seen, variance, 1).sqrt(), 0)
