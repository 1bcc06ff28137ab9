"""An interval for every pixel of the magnitude, from the error's energy and from where images of other samples differ.

    w(p) = q s(p),  s(p)^2 = r (1 - c + c v(p) / mean v),  v(p) = sum_z (|z| - |x|)^2 (p), smoothed over neighbours

r is the mean squared error of the magnitude, which samples that were held out tell, so that a bad shape cannot lie
about its size; q makes w the interval that holds the error of nine pixels in ten of the body, counted on images with
known errors: the quantile of |error| / s over the pixels of several data sets, each scan counting alike.

| Algorithmic Learning in a Random World (Vovk, Gammerman and Shafer, 2005), section 4.1
| https://doi.org/10.1007/b106715
| Distribution-free prediction sets for two-layer hierarchical models (Dunn, Wasserman and Ramdas, 2022), section 3.1
| https://doi.org/10.1080/01621459.2022.2060112
"""

import math

import torch
from torch import Tensor

from dealias.shapes import Image

COVERAGE = 0.9
FACTOR = 1.66  # q, of the calibration in `benchmarks/error_bars.py`, which says what it covers on other data sets
SHAPE, NEIGHBOURS = 0.8, 1.5  # c, and the standard deviation in pixels over which v is smoothed


def half_width(energy: Tensor, image: Image, parts: Tensor) -> Tensor:
    """Return half the width of the interval that holds the magnitude of a pixel in nine of ten (..., y, x).

    Arguments:
        energy: mean squared error of the magnitude's pixels, with the axes of the image, size 1 where shared.
        image: of all samples.
        parts: images of other samples (set, ..., y, x); of none, the interval has one width.
    """
    shape = torch.ones_like(image.real)
    axes = tuple(axis for axis, size in zip(range(-image.ndim, 0), energy.shape, strict=True) if size == 1)
    if len(parts):
        spread = _smooth((parts.abs() - image.abs()).square().sum(0))
        mean = spread.mean(axes, keepdim=True) if axes else spread
        shape = torch.where(mean > 0, 1 - SHAPE + SHAPE * spread / torch.where(mean > 0, mean, 1), 1)
    return FACTOR * (energy.to(shape) * shape).sqrt()


def magnitude_share(energy: Tensor, image: Tensor, unseen: Tensor) -> Tensor:
    """Return which share of a complex error's energy the magnitude sees: a half of one whose phase is any.

    That of what the image holds at frequencies that nobody measured, taken at the size of the error and with either
    sign: such as it is the error too, in phase with the image where that is nearly real, and all of it where the image
    is dark.

    Arguments:
        energy: mean squared error of the complex pixels.
        image: of one problem ([time,] y, x).
        unseen: which frequencies nobody measured, in FFT order.
    """
    guess = torch.fft.ifft2(torch.fft.fft2(image) * unseen)
    size = guess.abs().double().square().mean()
    if not size > 1e-8 * image.abs().double().square().mean() or not energy > 0:
        return torch.full_like(energy, 0.5)
    error = guess * (energy / size).sqrt().to(guess.real)
    seen = [((image + sign * error).abs() - image.abs()).double().square().mean() for sign in (1, -1)]
    return (seen[0] + seen[1]) / (2 * energy)


def _smooth(image: Tensor) -> Tensor:
    """Return an image (..., y, x) smoothed by a Gaussian, its edges joined to those across."""
    y, x = (torch.fft.fftfreq(n, device=image.device, dtype=image.dtype) for n in image.shape[-2:])
    kernel = (-2 * (math.pi * NEIGHBOURS) ** 2 * (y[:, None].square() + x.square())).exp()
    return torch.fft.ifft2(torch.fft.fft2(image) * kernel).real.clamp_min(0)
