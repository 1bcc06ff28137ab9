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

import torch
from torch import Tensor

from dealias.error_bar.smoothing import smooth
from dealias.shapes import Image

COVERAGE = 0.9
FACTOR = 1.73  # q, of the calibration in `benchmarks/error_bars.py`, which says what it covers on other data sets
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
        spread = smooth((parts.abs() - image.abs()).square().sum(0), NEIGHBOURS).clamp_min(0)
        mean = spread.mean(axes, keepdim=True) if axes else spread
        shape = torch.where(mean > 0, 1 - SHAPE + SHAPE * spread / torch.where(mean > 0, mean, 1), 1)
    return FACTOR * (energy.to(shape) * shape).sqrt()
