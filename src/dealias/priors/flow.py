"""A spline flow: images become white noise and back without loss, so that how likely an image is can be told exactly.

    log p(x) = log N(f(x); 0, 1) + log |det df/dx|,  min_w E -log2 p(16 x + u) / pixels,  u uniform in [0, 1)

| Neural Spline Flows (Durkan et al., 2019), section 3 and appendix B.3: splines, layers, bits per dimension
| https://arxiv.org/abs/1906.04032
| Density estimation using Real NVP (Dinh et al., 2017), section 3.6: half of the channels leave at each level
| https://arxiv.org/abs/1605.08803

It learns small magnitude images of few grey levels, since noise in the lowest bits is most of what a flow would learn.
The published networks have 5 to 75 million parameters; 0.3 (the default) or 0.9 (64 features) learn in minutes.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from dealias.errors import UserError
from dealias.networks.channels import check_sizes
from dealias.networks.coupling import Coupling, Mixing
from dealias.prior import Prior
from dealias.priors._magnitudes import small_magnitudes
from dealias.shapes import Image


class Flow(Prior):
    """A density of magnitude images (*batch, y, x) of one size, from zero to one.

    Arguments:
        rows: of its images, a multiple of 2 to the number of levels.
        columns: likewise.
        bits: its images have 2 to the power of so many grey levels.
        levels: how often the resolution is halved; half of the channels then end, but for the last time.
        steps: of each level: channels are mixed, and half of them bent.
        features: channels of the network that chooses the splines.
        bins: of each spline.
    """

    whole: ClassVar[bool] = True

    def __init__(
        self,
        rows: int = 80,
        columns: int = 64,
        bits: int = 4,
        levels: int = 4,
        steps: int = 4,
        features: int = 32,
        bins: int = 8,
    ) -> None:
        super().__init__()
        check_sizes(rows=rows, columns=columns, bits=bits, levels=levels, steps=steps, features=features)
        if rows % 2**levels or columns % 2**levels or bins < 2 or bits > 16:
            raise UserError(
                f"{rows} x {columns} must be multiples of {2**levels} for {levels} levels, bins 2 or more, bits 16 or "
                "less; correct them"
            )
        self.size = (rows, columns)
        self.greys = 2**bits
        widths = [4 * 2**level for level in range(levels)]
        self.levels = nn.ModuleList(
            nn.ModuleList(layer for _ in range(steps) for layer in (Mixing(width), Coupling(width, features, bins)))
            for width in widths
        )

    @property
    def length(self) -> int:
        """How many numbers z has: as many as an image has pixels."""
        return math.prod(self.size)

    def loss(self, images: Image, generator: torch.Generator) -> Tensor:
        """Return the mean bits per pixel of the images' grey levels, made continuous by uniform noise."""
        greys = (small_magnitudes(images, self.size) * (self.greys - 1)).round()
        noise = torch.rand(greys.shape, generator=generator, device=generator.device).to(greys)
        return self.bits((greys + noise - 0.5) / (self.greys - 1)).mean()

    def bits(self, x: Image) -> Tensor:
        """Return -log2 p(x) / pixels of each image, per grey level: how many bits a pixel takes."""
        return -self.log_prob(x) / (self.length * math.log(2))

    def log_prob(self, x: Image) -> Tensor:
        """Return the logarithm of the density (*batch) of images, in units of a grey level."""
        z, log_determinant = self.encode(x)
        return self._normal(z) + log_determinant

    def encode(self, x: Image) -> tuple[Tensor, Tensor]:
        """Return z (*batch, length) of images, and the logarithms of the determinants (*batch) of that map.

        Raises:
            UserError: for images of another size.
        """
        if (*x.shape[-2:],) != self.size:
            wanted, given = (" x ".join(map(str, size)) for size in (self.size, x.shape[-2:]))
            raise UserError(f"this flow knows images of {wanted} pixels, not {given}; resample them")
        channels, total = self._centred(x).reshape(-1, 1, *self.size), x.new_zeros(())
        leaving: list[Tensor] = []
        for level in self.levels:
            assert isinstance(level, nn.ModuleList)
            channels = pixel_unshuffle(channels, 2)
            for layer in level:
                channels, log_determinant = layer(channels)
                total = total + log_determinant
            if level is not self.levels[-1]:
                channels, gone = channels.chunk(2, 1)
                leaving.append(gone)
        z = torch.cat([part.flatten(1) for part in (*leaving, channels)], 1)
        return z.reshape(*x.shape[:-2], self.length), total.reshape(x.shape[:-2]) + self._log_unit

    def decode(self, z: Tensor) -> tuple[Image, Tensor]:
        """Return images (*batch, y, x) of z (*batch, length), and the logarithms of their densities (*batch)."""
        parts = self._parts(z.reshape(-1, self.length))
        channels, total = parts.pop(), z.new_zeros(())
        for level in reversed(self.levels):
            assert isinstance(level, nn.ModuleList)
            if level is not self.levels[-1]:
                channels = torch.cat((channels, parts.pop()), 1)
            for layer in reversed(level):
                assert isinstance(layer, Mixing | Coupling)
                channels, log_determinant = layer.inverse(channels)
                total = total + log_determinant
            channels = pixel_shuffle(channels, 2)
        x = self._brightness(channels.reshape(*z.shape[:-1], *self.size))
        return x, self._normal(z) + total.reshape(z.shape[:-1]) + self._log_unit

    def sample(self, count: int, generator: torch.Generator, temperature: float = 1.0) -> Tensor:
        """Return so many random images (count, y, x).

        Arguments:
            temperature: deviation of z; less than one makes images that are more alike, and more probable.

        Raises:
            UserError: for a count below one, or a temperature below zero.
        """
        if count < 1 or not 0 <= temperature < math.inf:
            raise UserError(f"{count} samples at a temperature of {temperature} are impossible; give 1, and 0, or more")
        z = torch.randn((count, self.length), generator=generator, device=generator.device)
        return self.decode(temperature * z.to(next(self.parameters())))[0]

    def _parts(self, z: Tensor) -> list[Tensor]:
        """Return z as the channels that end at each level (problem, channel, y, x)."""
        channels = [2**level for level in range(1, len(self.levels))]
        shapes = [(number, self.size[0] // number, self.size[1] // number) for number in channels]
        last = 2 ** len(self.levels)
        shapes.append((2 * last, self.size[0] // last, self.size[1] // last))
        parts = z.split([math.prod(shape) for shape in shapes], 1)
        return [part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)]

    def _centred(self, x: Image) -> Tensor:
        return 4 * ((self.greys - 1) * x + 0.5) / self.greys - 1

    def _brightness(self, centred: Tensor) -> Image:
        return ((centred + 1) / 4 * self.greys - 0.5) / (self.greys - 1)

    @property
    def _log_unit(self) -> float:
        """The determinant of `_centred`, in grey levels."""
        return self.length * math.log(4 / self.greys)

    def _normal(self, z: Tensor) -> Tensor:
        return -z.square().sum(-1) / 2 - self.length * math.log(2 * math.pi) / 2
