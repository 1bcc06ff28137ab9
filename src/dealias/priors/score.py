"""The score of noisy images: a network that removes noise of any level knows where images are.

    min_w E (1 / sigma^2 + 1 / d^2) ||D_w(x + sigma n; sigma) - x||^2,  s(x; sigma) = (D_w(x; sigma) - x) / sigma^2

| A Connection Between Score Matching and Denoising Autoencoders (Vincent, 2011), equation 4
| https://doi.org/10.1162/NECO_a_00142
| Elucidating the Design Space of Diffusion-Based Generative Models (Karras et al., 2022), equations 7 and 8
| https://arxiv.org/abs/2206.00364
| Robust Compressed Sensing MRI with Deep Generative Priors (Jalal et al., 2021): for complex images
| https://arxiv.org/abs/2108.01368

The weight 1 / sigma^2 is that of denoising score matching, sigma^2 ||s + n / sigma||^2; the other keeps loud levels
from being neglected. The network is a U-Net, which is told the level and sees the image at unit size; d is the
deviation of clean images. Jalal et al. have a RefineNet of 94 million parameters that is not told it.
"""

import math

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.networks.channels import check_sizes, to_channels, to_image
from dealias.networks.unet import UNetwork
from dealias.prior import Prior
from dealias.shapes import Image


class Score(Prior):
    """A denoiser of complex images (*batch, y, x) of any size, of largest magnitude one.

    Arguments:
        features: channels of the U-Net at full resolution: 32 learn in an hour of one core; 128 with `poolings=4`
            have the size of the papers' networks, 124 million parameters, for a GPU.
        poolings: how often the U-Net halves the resolution.
        smallest: least standard deviation of the noise, in each part of a pixel, that it learns to remove.
        largest: likewise the greatest.
        deviation: that of clean images in each part of a pixel.
    """

    def __init__(
        self,
        features: int = 32,
        poolings: int = 3,
        smallest: float = 0.002,
        largest: float = 2.0,
        deviation: float = 0.2,
    ) -> None:
        super().__init__()
        check_sizes(features=features, poolings=poolings)
        if not 0 < smallest < largest < float("inf") or not 0 < deviation < float("inf"):
            raise UserError("smallest must be more than zero and less than largest, deviation positive; mend them")
        self.smallest = smallest
        self.largest = largest
        self.deviation = deviation
        self.network = UNetwork(3, 2, features, poolings, "average", normalised=False)
        self.network.outwards.weight.data *= 0.1  # begins near the linear estimate

    def loss(self, images: Image, generator: torch.Generator) -> Tensor:
        """Return the weighted squared error of removing noise, its level uniform in its logarithm for each image."""
        count, like = images.shape[:-2].numel(), images.real
        luck = torch.rand((count, 1, 1), generator=generator, device=generator.device).to(like)
        sigma = self.smallest * (self.largest / self.smallest) ** luck
        images = images.reshape(count, *images.shape[-2:])
        noise = torch.randn((*images.shape, 2), generator=generator, device=generator.device).to(like)
        error = self.denoised(images + sigma * torch.view_as_complex(noise), sigma) - images
        weight = 1 / sigma.square() + 1 / self.deviation**2
        return (weight * torch.view_as_real(error).square().sum(-1)).mean() / 2

    def denoised(self, x: Image, sigma: float | Tensor) -> Image:
        """Return the mean of the clean images that x could be, with noise of this level; a real x gives a real image.

        Arguments:
            sigma: a number, or one for each image (*batch, 1, 1).
        """
        if not x.is_complex():
            return self.denoised(x.to(x.dtype.to_complex()), sigma).real
        sigma = torch.as_tensor(sigma, dtype=x.real.dtype, device=x.device).expand(*x.shape[:-2], 1, 1)
        size = (sigma.square() + self.deviation**2).sqrt()
        level = (sigma.log() / 4).reshape(-1, 1, 1, 1).expand(-1, -1, *x.shape[-2:])
        change = to_image(self.network(torch.cat((to_channels(x / size), level), 1)), x)
        return (self.deviation / size).square() * x + sigma * self.deviation / size * change

    def score(self, x: Image, sigma: float | Tensor) -> Image:
        """Return the gradient of the logarithmic density of noisy images, with respect to both parts of x."""
        return (self.denoised(x, sigma) - x) / sigma**2

    def levels(self, first: float, count: int, last: float | None = None) -> list[float]:
        """Return so many noise levels from the first to the last in equal ratios; None is the smallest that it learned.

        Raises:
            UserError: where it has not learned one of them.
        """
        last = self.smallest if last is None else last
        for level in (first, last):
            if not self.smallest <= level <= self.largest:
                text = f"this prior knows noise from {self.smallest} to {self.largest}, not {level}"
                raise UserError(f"{text}; correct it")
        return [first * math.pow(last / first, n / max(1, count - 1)) for n in range(count)]
