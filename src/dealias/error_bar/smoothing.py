"""A Gaussian mean over neighbours: exp(-2 (pi pixels k)^2) in k-space, its edges joined to those across."""

import math

import torch
from torch import Tensor


def smooth(image: Tensor, pixels: float) -> Tensor:
    """Return an image (..., y, x), real or complex, smoothed by a Gaussian of this standard deviation."""
    y, x = (torch.fft.fftfreq(n, device=image.device, dtype=image.real.dtype) for n in image.shape[-2:])
    kernel = (-2 * (math.pi * pixels) ** 2 * (y[:, None].square() + x.square())).exp()
    found = torch.fft.ifft2(torch.fft.fft2(image) * kernel)
    return found if image.is_complex() else found.real
