"""A generator of images: the decoder of a variational autoencoder, whose images are those of few numbers.

    min_w E |x - G(z)|^2 / 2 d^2 + pixels log d + KL(q(z | x) || N(0, 1)),  z drawn from q(z | x)

| Auto-Encoding Variational Bayes (Kingma and Welling, 2014), equations 3 and 10 | https://arxiv.org/abs/1312.6114
| Compressed Sensing using Generative Models (Bora et al., 2017): for inverse problems | https://arxiv.org/abs/1703.03208
| Simple and Effective VAE Training with Calibrated Decoders (Rybkin et al., 2021): d is learned
| https://arxiv.org/abs/2006.13202

Bora et al. have dense layers for digits and a DCGAN for faces; these are convolutions for small magnitude images.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from dealias.errors import UserError
from dealias.networks.channels import check_sizes
from dealias.prior import Prior
from dealias.priors._magnitudes import small_magnitudes
from dealias.shapes import Image

HALVINGS = 4


class Generator(Prior):
    """Makes magnitude images (*batch, y, x) of one size, of largest magnitude one, of a few normal numbers.

    Arguments:
        rows: of its images, a multiple of 16.
        columns: likewise.
        length: how many numbers make an image.
        features: channels at half resolution; each coarser one has twice as many.
    """

    whole: ClassVar[bool] = True

    def __init__(self, rows: int = 80, columns: int = 64, length: int = 64, features: int = 16) -> None:
        super().__init__()
        check_sizes(rows=rows, columns=columns, length=length, features=features)
        if rows % 2**HALVINGS or columns % 2**HALVINGS:
            raise UserError(f"{rows} x {columns} must be multiples of {2**HALVINGS}; correct them")
        self.size = (rows, columns)
        self.length = length
        widths = [features * 2**level for level in range(HALVINGS)]
        coarse = (widths[-1], rows // 2**HALVINGS, columns // 2**HALVINGS)
        down: list[nn.Module] = []
        for before, after in zip([1, *widths], widths, strict=False):
            down += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.ReLU()]
        self.encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(math.prod(coarse), 2 * length))
        up: list[nn.Module] = [nn.Linear(length, math.prod(coarse)), nn.ReLU(), nn.Unflatten(1, coarse)]
        for before, after in zip(reversed(widths), [*reversed(widths[:-1]), features], strict=True):
            up += [nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]
        self.decoder = nn.Sequential(*up, nn.Conv2d(features, 1, 3, padding=1))
        self.log_deviation = nn.Parameter(torch.tensor(-2.0))

    def loss(self, images: Image, generator: torch.Generator) -> Tensor:
        """Return the mean of an upper bound on -log p(x) / pixels, in nats, of the images at its size."""
        x = small_magnitudes(images, self.size).reshape(-1, *self.size)
        mean, log_deviation = self.encoder(x.unsqueeze(1)).chunk(2, 1)
        noise = torch.randn(mean.shape, generator=generator, device=generator.device).to(mean)
        squares = (self.decode(mean + log_deviation.exp() * noise) - x).square().mean((-2, -1))
        fit = squares / 2 * (-2 * self.log_deviation).exp() + self.log_deviation + math.log(2 * math.pi) / 2
        divergence = ((mean.square() + (2 * log_deviation).exp() - 1) / 2 - log_deviation).sum(1)
        return (fit + divergence / math.prod(self.size)).mean()

    def decode(self, z: Tensor) -> Tensor:
        """Return the images (*batch, y, x) of z (*batch, length)."""
        return self.decoder(z.reshape(-1, self.length)).reshape(*z.shape[:-1], *self.size)
