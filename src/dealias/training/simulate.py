"""From images to training pairs: what a scanner would have measured of a random crop of one of them.

The crop is transformed and masked at its own size; masking the whole slice and cropping the aliased image
would give a patch that no forward model fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dealias import coils, sampling
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.shapes import Image
from dealias.training._random_numbers import check, integer, logarithmic, uniform


@dataclass(frozen=True)
class Simulation:
    """How a training pair is drawn; ranges are uniform, the noise's in its logarithm.

    Arguments:
        crop: smallest and largest side of a crop, in pixels; each side is drawn by itself.
        acceleration: range of accelerations.
        noise: range of the noise's standard deviation in each part, as a fraction of the image maximum.
        lines: how often the mask consists of whole lines; otherwise of points from a Gaussian density.
        centre: half-axes of the ellipse that such points always fill, as a fraction of the axes.
        image_noise: how often the image itself is noisy, as most references are, by 0.3 to 10 % of its maximum.
        band: how often the outer k-space is empty, as where a scanner filters or interpolates.
        coils: how often 2 to 8 coils measure instead of one.
        hide_noise_level: how often the noise level is not told.
        batch: crops of one update, all of one size.
        phase: how far a random smooth phase may turn each image, as a fraction of half a turn.
    """

    crop: tuple[int, int] = (64, 128)
    acceleration: tuple[float, float] = (1.5, 5.2)
    noise: tuple[float, float] = (5e-4, 4e-3)
    lines: float = 0.1
    image_noise: float = 0.3
    band: float = 0.4
    coils: float = 0.3
    hide_noise_level: float = 0.1
    batch: int = 1
    phase: float = 1.0
    centre: float = 0.02

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            UserError: for a range whose ends are swapped or impossible.
        """
        least = {"crop": 1, "acceleration": 1, "noise": torch.finfo(torch.float32).tiny}
        check(self, least, shares=("lines", "image_noise", "band", "coils", "hide_noise_level"))
        # what cannot be drawn should fail now, not at night; how many lines are central depends on the size
        sampling.gaussian((self.crop[0], self.crop[0]), self.acceleration[1], centre=self.centre)
        for columns in range(self.crop[0], self.crop[1] + 1) if self.lines else ():
            sampling.cartesian((1, columns), self.acceleration[1])
        if self.batch < 1:
            raise UserError(f"a batch of {self.batch} is impossible; give 1 or more")
        if not 0 <= self.phase < float("inf"):
            raise UserError(f"a phase cannot be {self.phase}; give zero for none, or more")

    def size(self, generator: torch.Generator) -> tuple[int, int]:
        """Return the rows and columns of an update's crops."""
        return integer(*self.crop, generator), integer(*self.crop, generator)

    def pairs(
        self, images: Sequence[Tensor], size: tuple[int, int], generator: torch.Generator
    ) -> tuple[Acquisition, Image]:
        """Return a batch of acquisitions, and the images (batch, y, x) that they were made of."""
        acceleration = uniform(*self.acceleration, generator)
        number = integer(2, 8, generator) if uniform(0, 1, generator) < self.coils else 1
        drawn = []
        for _ in range(self.batch):
            image = images[integer(0, len(images) - 1, generator)]
            target = self._augmented(image, size, generator)
            noise_std = logarithmic(*self.noise, generator)
            mask = self._mask((*target.shape,), acceleration, generator)
            maps = coils.simulate(size, number, generator=generator) if number > 1 else None
            drawn.append((Acquisition.simulate(target, mask, maps, noise_std, generator=generator), target))
        acquisition = Acquisition.stack([pair[0] for pair in drawn])
        if uniform(0, 1, generator) < self.hide_noise_level:
            acquisition = replace(acquisition, noise_std=None)
        return acquisition, torch.stack([pair[1] for pair in drawn])

    def _augmented(self, image: Tensor, size: tuple[int, int], generator: torch.Generator) -> Image:
        if uniform(0, 1, generator) < 0.5:
            image = shrunk(image, uniform(0.4, 1.0, generator))
        if uniform(0, 1, generator) < 0.5:
            image = image.T
        for axis in (-2, -1):
            if uniform(0, 1, generator) < 0.5:
                image = image.flip(axis)
        # a side that the image lacks is padded with the background that surrounds a body
        missing = [max(0, wanted - present) for wanted, present in zip(size, image.shape, strict=True)]
        image = torch.nn.functional.pad(image, (0, missing[1], 0, missing[0]))
        first = [integer(0, present - wanted, generator) for wanted, present in zip(size, image.shape, strict=True)]
        crop = image[first[0] : first[0] + size[0], first[1] : first[1] + size[1]]
        crop = crop * smooth_phase(size, self.phase, generator)
        if uniform(0, 1, generator) < self.image_noise:
            noise = torch.randn(size, dtype=crop.dtype, generator=generator)
            crop = crop + logarithmic(0.003, 0.1, generator) * noise
        return band_limited(crop, generator) if uniform(0, 1, generator) < self.band else crop

    def _mask(self, shape: tuple[int, int], acceleration: float, generator: torch.Generator) -> Tensor:
        if uniform(0, 1, generator) >= self.lines:
            return sampling.gaussian(shape, acceleration, generator=generator, centre=self.centre)
        kind = ("random", "equispaced", "gaussian")[integer(0, 2, generator)]
        return sampling.cartesian(shape, acceleration, lines=kind, generator=generator)  # type: ignore[arg-type]


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
