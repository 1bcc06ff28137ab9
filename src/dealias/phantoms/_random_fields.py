"""What phantoms are drawn with: random numbers and smooth fields from one seed."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate


class Draw:
    """Random numbers from one generator."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * torch.rand((), generator=self.generator).item()

    def uniforms(self, count: int, low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=self.generator)

    def normals(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator)

    def field(self, cells: int, shape: torch.Size) -> Tensor:
        """Return a smooth field of standard deviation about one, `cells` cells along the longer side."""
        size = [round(cells * n / max(shape)) + 3 for n in shape]
        coarse = self.normals(1, 1, *size)
        return 1.4 * interpolate(coarse, tuple(shape), mode="bicubic", align_corners=True)[0, 0]

    def texture(self, cells: Sequence[int], shape: torch.Size) -> Tensor:
        """Return a field of standard deviation one with equal shares of coarse and fine."""
        return torch.stack([self.field(count, shape) for count in cells]).sum(0) / len(cells) ** 0.5
