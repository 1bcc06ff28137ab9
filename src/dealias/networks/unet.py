"""The U-Net: convolutions at ever coarser resolutions and back, each resolution joined to itself on the way.

| U-Net: Convolutional Networks for Biomedical Image Segmentation (Ronneberger et al., 2015), figure 1
| https://arxiv.org/abs/1505.04597
| fastMRI: An Open Dataset and Benchmarks for Accelerated MRI (Zbontar et al., 2018), section 5.2: `normalised`
| https://arxiv.org/abs/1811.08839
"""

from typing import Literal

import torch
from torch import nn
from torch.nn.functional import pad

from dealias.shapes import Channels

SLOPE = 0.2  # of the leaky relu where it is negative


class UNetwork(nn.Module):
    """Maps (problem, inputs, y, x) of any size to (problem, outputs, y, x).

    Arguments:
        inputs: channels that come in.
        outputs: channels that go out.
        features: channels at full resolution; each coarser one has twice as many.
        poolings: how often the resolution is halved.
        pooling: whether the largest of four pixels stands for them, or their average.
        normalised: instance norm and leaky relu after each convolution, as fastMRI's; otherwise relu alone.
        enlarging: how a resolution is doubled: a transposed convolution, or bilinear and a 1x1 convolution.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        features: int = 32,
        poolings: int = 4,
        pooling: Literal["max", "average"] = "max",
        normalised: bool = True,
        enlarging: Literal["transposed", "bilinear"] = "transposed",
    ) -> None:
        super().__init__()
        widths = [features * 2**level for level in range(poolings + 1)]
        self.down = nn.ModuleList(
            _pair(before, after, normalised) for before, after in zip([inputs, *widths], widths, strict=False)
        )
        doubling = _transposed if enlarging == "transposed" else _bilinear
        self.enlarge = nn.ModuleList(doubling(2 * width, width, normalised) for width in reversed(widths[:-1]))
        self.up = nn.ModuleList(_pair(2 * width, width, normalised) for width in reversed(widths[:-1]))
        self.outwards = nn.Conv2d(features, outputs, 1)
        self.pool: nn.Module = nn.MaxPool2d(2) if pooling == "max" else nn.AvgPool2d(2)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Channels) -> Channels:
        """Return the output; sides that cannot be halved so often are padded with zeros for the while."""
        rows, columns = x.shape[-2:]
        unit = 2 ** len(self.up)
        x = pad(x, (0, -columns % unit, 0, -rows % unit))
        kept = []
        for level, convolutions in enumerate(self.down):
            x = convolutions(self.pool(x) if level else x)
            kept.append(x)
        kept.pop()
        for enlarge, convolutions in zip(self.enlarge, self.up, strict=True):
            x = convolutions(torch.cat((enlarge(x), kept.pop()), 1))
        return self.outwards(x)[..., :rows, :columns]


def _pair(before: int, after: int, normalised: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs in (before, after):
        layers += [nn.Conv2d(inputs, after, 3, padding=1, bias=not normalised), *_activation(after, normalised)]
    return nn.Sequential(*layers)


def _transposed(before: int, after: int, normalised: bool) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(before, after, 2, stride=2, bias=not normalised), *_activation(after, normalised)
    )


def _bilinear(before: int, after: int, normalised: bool) -> nn.Sequential:
    return nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(before, after, 1))


def _activation(features: int, normalised: bool) -> list[nn.Module]:
    return [_InstanceNorm(features), nn.LeakyReLU(SLOPE, inplace=True)] if normalised else [nn.ReLU(inplace=True)]


class _InstanceNorm(nn.InstanceNorm2d):
    """Instance norm that lets a channel of a single pixel pass, which has no variance."""

    def forward(self, input: Channels) -> Channels:
        return super().forward(input) if input.shape[-2] * input.shape[-1] > 1 else input
