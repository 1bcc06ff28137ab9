"""Image quality, one number per slice, differentiable; on magnitudes, with the reference's maximum as peak."""

import torch
from torch import Tensor

from dealias.shapes import Image


def psnr(image: Image, reference: Image) -> Tensor:
    """Return the peak signal-to-noise ratio in decibels."""
    a, b = image.abs(), reference.abs()
    peak = b.amax((-2, -1))
    return 10 * (peak.square() / (a - b).square().mean((-2, -1))).log10()
