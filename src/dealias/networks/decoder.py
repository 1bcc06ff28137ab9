"""The ConvDecoder: from a small random image to a large one, by enlargements and convolutions alone.

| Accelerated MRI with Un-trained Neural Networks (Darestani and Heckel, 2021), section III
| https://arxiv.org/abs/2007.02471
"""

import math

from torch import Tensor, nn
from torch.nn.functional import interpolate

from dealias.shapes import Channels


class Decoder(nn.Module):
    """Maps (1, features, y, x) of any small size to (1, outputs, *size).

    Each layer is nearest neighbours up to the next size of a geometric ladder, a 3x3 convolution, ReLU and, after it,
    batch norm; the last two layers have the size of the image, and a 1x1 convolution ends.

    Arguments:
        features: channels that come in, and of every layer.
        outputs: channels that go out.
        layers: how many, without the 1x1 convolution.
        start: rows and columns that come in.
        size: rows and columns that go out.
    """

    def __init__(self, features: int, outputs: int, layers: int, start: tuple[int, int], size: tuple[int, int]) -> None:
        super().__init__()
        self.sizes = ladder(start, size, layers - 1)
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Conv2d(features, features, 3, padding=1, bias=False), nn.ReLU(), nn.BatchNorm2d(features))
            for _ in range(layers)
        )
        self.outwards = nn.Conv2d(features, outputs, 1, bias=False)

    def forward(self, x: Channels) -> Tensor:
        """Return the image's channels."""
        for number, layer in enumerate(self.layers):
            if number < len(self.sizes):
                x = interpolate(x, self.sizes[number])
            x = layer(x)
        return self.outwards(x)


def ladder(start: tuple[int, int], size: tuple[int, int], steps: int) -> list[tuple[int, int]]:
    """Return rows and columns after each of so many enlargements; the last is `size`."""
    sizes = [
        tuple(math.ceil(a * (b / a) ** (n / steps)) for a, b in zip(start, size, strict=True)) for n in range(1, steps)
    ]
    return [*((rows, columns) for rows, columns in sizes), size] if steps else []
