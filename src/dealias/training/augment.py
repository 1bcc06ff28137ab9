"""What makes many images of one: another size, another phase, another band of frequencies."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dealias.shapes import Image
from dealias.training._random_numbers import uniform


def smooth_phase(shape: tuple[int, int], strength: float, generator: torch.Generator) -> Image:
    """Return exp(i phi), phi a random polynomial of order 3 plus a slow random field, within strength * pi.

    Networks trained on images that are real up to one number learn "real", and fail where coils, flow and
    field inhomogeneity turn the phase.
    """
    y, x = (torch.linspace(-1, 1, n) for n in shape)
    order = torch.arange(4)
    coefficients = torch.randn(4, 4, generator=generator) * (order[:, None] + order <= 3)
    polynomial = (y[:, None] ** order) @ coefficients @ (x[:, None] ** order).T
    field = interpolate(torch.randn(1, 1, 5, 5, generator=generator), shape, mode="bicubic", align_corners=True)[0, 0]
    phi = polynomial / polynomial.abs().max() + field / field.abs().max()
    turns = strength * torch.pi * torch.rand((), generator=generator)
    return torch.polar(torch.ones(shape), turns * phi / phi.abs().max())


def tissue_phase(image: Image, generator: torch.Generator) -> Image:
    """Return exp(i phi), phi one angle where an image (y, x) is brighter than some level and zero elsewhere.

    Fat turns otherwise than water, so that phases have edges where images have: a network that knows smooth phases
    alone takes them for aliasing. A slow random field moves the level, lest brightness tell the phase.
    """
    field = interpolate(torch.randn(1, 1, 4, 4, generator=generator), image.shape, mode="bicubic", align_corners=True)
    size = image.abs() * (0.5 * field[0, 0]).exp()
    level = size.max() * uniform(0.05, 0.6, generator)
    angle = uniform(0.3, 1.0, generator) * torch.pi
    return torch.polar(torch.ones_like(size), angle * (size > level))


def band_limited(image: Image, generator: torch.Generator) -> Image:
    """Return an image (y, x) whose k-space is empty beyond an ellipse or rectangle, its edge sharp or soft."""
    half = [uniform(0.4, 1.0, generator) for _ in range(2)]
    y, x = (2 * torch.fft.fftfreq(n).abs() / part for n, part in zip(image.shape, half, strict=True))
    round_ = uniform(0, 1, generator) < 0.5
    radius = (y[:, None].square() + x.square()).sqrt() if round_ else torch.maximum(y[:, None], x)
    soft = uniform(0.01, 0.5, generator)
    window = ((1 - radius) / soft).clamp(0, 1)
    return torch.fft.ifft2(torch.fft.fft2(image) * window)


def shrunk(image: Tensor, factor: float) -> Image:
    """Return an image (*batch, y, x) resampled to this fraction of its size, low-pass filtered against aliasing."""
    size = [max(8, round(n * factor)) for n in image.shape[-2:]]
    parts = torch.view_as_real(image).movedim(-1, 0)
    small = interpolate(parts.reshape(2, -1, *image.shape[-2:]), size, mode="bicubic", antialias=True)
    return torch.view_as_complex(small.movedim(0, -1).contiguous()).reshape(*image.shape[:-2], *size)
