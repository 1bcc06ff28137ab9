"""From films, and stills that are moved, to examples: what a scanner would have measured of a part of a film.

As the CRNN paper does: all of the phase-encoding direction, a crop along the fully sampled readout, which keeps
the forward model exact, some consecutive frames, and another draw of lines in each of them.

| Convolutional Recurrent Neural Networks for Dynamic MR Image Reconstruction (Qin et al., 2019), section IV
| https://arxiv.org/abs/1712.01751
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from dealias import coils, sampling
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.phantoms import heart
from dealias.problem import FILM
from dealias.shapes import Image
from dealias.training._random_numbers import check, integer, logarithmic, uniform
from dealias.training.augment import shrunk, smooth_phase
from dealias.training.example import Example
from dealias.training.movement import moved
from dealias.training.source import Source

CENTRAL = 8  # lines that every frame samples


@dataclass(frozen=True)
class FilmSimulation(Source):
    """How examples are drawn from films; ranges are uniform, the noise's in its logarithm.

    Arguments:
        images: films (time, y, x), and images (y, x), which are moved.
        crop: smallest and largest number of rows, the readout.
        columns: smallest and largest number of phase encodings; what a film lacks is padded, what it has too much cut.
        frames: of an example.
        acceleration: range of accelerations.
        noise: range of the noise's standard deviation in each part, as a fraction of the image maximum.
        band: how often the outer columns of k-space were not acquired, a tenth to two fifths of them.
        coils: how often 2 to 8 coils measure instead of one.
        hide_noise_level: how often the noise level is not told.
        batch: films of one update, all of one size.
    """

    images: Sequence[Tensor] = field(repr=False)
    crop: tuple[int, int] = (32, 32)
    columns: tuple[int, int] = (128, 256)
    frames: int = 8
    acceleration: tuple[float, float] = (2.0, 11.0)
    noise: tuple[float, float] = (5e-4, 4e-3)
    band: float = 0.4
    coils: float = 0.2
    hide_noise_level: float = 0.1
    batch: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            UserError: for a range whose ends are swapped or impossible.
        """
        least = {"crop": 1, "columns": 16, "acceleration": 1, "noise": torch.finfo(torch.float32).tiny}
        check(self, least, shares=("band", "coils", "hide_noise_level"))
        if self.frames < 2:
            raise UserError(f"a batch of {self.batch} with {self.frames} frames is impossible; give 1 and 2, or more")
        narrowest = self.columns[0] - round(0.4 * self.columns[0])
        sampling.kt((1, 1, narrowest), self.acceleration[1], central=CENTRAL)  # should fail now, not at night

    def size(self, generator: torch.Generator) -> tuple[int, int]:
        """Return the rows and columns of an update's crops."""
        return integer(*self.crop, generator), integer(*self.columns, generator)

    def examples(self, size: tuple[int, int], generator: torch.Generator) -> Example:
        """Return a batch of acquisitions, and the films (batch, time, y, x) that they were made of."""
        acceleration = uniform(*self.acceleration, generator)
        number = integer(2, 8, generator) if uniform(0, 1, generator) < self.coils else 1
        drawn = []
        for _ in range(self.batch):
            target = self._augmented(self.images[integer(0, len(self.images) - 1, generator)], size, generator)
            acquired = size[1]
            if uniform(0, 1, generator) < self.band:
                acquired -= round(uniform(0.1, 0.4, generator) * acquired)
                target = band_limited(target, acquired)
            mask = sampling.kt((*target.shape,), acceleration, acquired=acquired, central=CENTRAL, generator=generator)
            noise_std = logarithmic(*self.noise, generator)
            maps = coils.simulate(size, number, generator=generator) if number > 1 else None
            scan = Acquisition.simulate(target, mask.unsqueeze(-3), maps, noise_std, generator=generator, axes=FILM)
            drawn.append(Example(scan, target))
        return Example.stack(drawn).telling_noise(self.hide_noise_level, 0.0, generator)

    def _augmented(self, source: Tensor, size: tuple[int, int], generator: torch.Generator) -> Image:
        if uniform(0, 1, generator) < 0.5:
            source = shrunk(source, uniform(0.6, 1.0, generator))
        if uniform(0, 1, generator) < 0.5:
            source = source.mT
        for axis in (-2, -1, *((0,) if source.ndim == 3 else ())):
            if uniform(0, 1, generator) < 0.5:
                source = source.flip(axis)
        if source.ndim == 2:
            film = moved(source, self.frames, generator)
        else:  # a film that is too short goes on from its beginning, as a heart does
            first = integer(0, max(0, len(source) - self.frames), generator)
            film = source[(torch.arange(self.frames) + first) % len(source)]
        missing = [max(0, wanted - present) for wanted, present in zip(size, film.shape[1:], strict=True)]
        film = torch.nn.functional.pad(film, (missing[1] // 2, missing[1] - missing[1] // 2, 0, missing[0]))
        top, left = (integer(0, has - wanted, generator) for has, wanted in zip(film.shape[1:], size, strict=True))
        film = film[:, top : top + size[0], left : left + size[1]]
        largest = film.abs().max()
        film = film / torch.where(largest == 0, 1, largest)
        return film * smooth_phase(size, 1.0, generator)


def band_limited(film: Tensor, acquired: int) -> Image:
    """Return a film whose k-space holds this many central columns and nothing beyond."""
    columns = film.shape[-1]
    first = columns // 2 - acquired // 2
    kept = torch.zeros(columns)
    kept[first : first + acquired] = 1
    return torch.fft.ifft(torch.fft.fft(film) * torch.fft.ifftshift(kept))


def hearts(count: int) -> list[Image]:
    """Return simulated films (time, y, x) of as many hearts."""
    return [heart((30, 208, 208), seed=seed) for seed in range(count)]
