"""The hourglass of the deep image prior: down to a few pixels and back, almost without short cuts.

| Deep Image Prior (Ulyanov et al., 2018), figure 21 | https://arxiv.org/abs/1711.10925
| Accelerated MRI with Un-trained Neural Networks (Darestani and Heckel, 2021): its sizes for MRI
| https://arxiv.org/abs/2007.02471
"""

import torch
from torch import nn
from torch.nn.functional import interpolate

from dealias.shapes import Channels

SHORT_CUTS = (0, 0, 0, 0, 0, 0, 4, 4)  # channels of the short cut at each scale


class Hourglass(nn.Module):
    """Maps (1, features, y, x) of any size to (1, outputs, y, x).

    At each scale: a 5x5 convolution that halves, a 5x5; on the way back nearest neighbours, a 3x3 and a 1x1; batch norm
    and ReLU after each, batch norm also where a short cut joins. An image is halved no further than to two pixels.

    Arguments:
        features: channels that come in, and of every convolution.
        outputs: channels that go out.
        scales: how often the image is halved, eight at the most.
        size: rows and columns of the image.
    """

    def __init__(self, features: int, outputs: int, scales: int, size: tuple[int, int]) -> None:
        super().__init__()
        scales = max(0, min(scales, (min(size) - 1).bit_length() - 1))
        cuts = SHORT_CUTS[:scales]
        self.down = nn.ModuleList(
            nn.Sequential(*_layer(features, features, 5, stride=2), *_layer(features, features, 5)) for _ in cuts
        )
        self.cuts = nn.ModuleList(nn.Sequential(*(_layer(features, cut, 1) if cut else ())) for cut in cuts)
        self.up = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(features + cut), *_layer(features + cut, features, 3), *_layer(features, features, 1)
            )
            for cut in cuts
        )
        self.outwards = nn.Conv2d(features, outputs, 1)

    def forward(self, x: Channels) -> Channels:
        """Return the image's channels."""
        kept = []
        for down, cut in zip(self.down, self.cuts, strict=True):
            kept.append((x.shape[-2:], cut(x) if len(cut) else None))  # type: ignore[arg-type]
            x = down(x)
        for up in reversed(self.up):
            size, short = kept.pop()
            x = interpolate(x, size)
            x = up(x if short is None else torch.cat((short, x), 1))
        return self.outwards(x)


def _layer(before: int, after: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, kernel, stride, kernel // 2)
    return [convolution, nn.BatchNorm2d(after), nn.ReLU()]
