"""From images to examples: what a scanner would have measured of a random crop of one of them.

The crop is transformed and masked at its own size; masking the whole slice and cropping the aliased image
would give a patch that no forward model fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from dealias import sampling
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.files.coil_maps import read_maps
from dealias.shapes import Image, Maps
from dealias.training._random_numbers import check, integer, logarithmic, uniform
from dealias.training.augment import band_limited, shrunk, smooth_phase, tissue_phase
from dealias.training.example import Example
from dealias.training.maps import draw_maps, with_estimated_maps
from dealias.training.masks import SMALLEST, draw_mask
from dealias.training.source import Source

SHARES = (
    *("lines", "discs", "image_noise", "band", "edges", "coils"),
    *("estimated_maps", "noisy_target", "estimated_noise", "hide_noise_level"),
)


@dataclass(frozen=True)
class Simulation(Source):
    """How examples are drawn from images; ranges are uniform, the noise's in its logarithm.

    Arguments:
        images: (y, x), of maximum magnitude 1.
        crop: smallest and largest side of a crop, in pixels; each side is drawn by itself.
        acceleration: range of accelerations.
        noise: range of the noise's standard deviation in each part, as a fraction of the image maximum.
        lines: how often the mask consists of whole lines; otherwise of points from a Gaussian density.
        discs: how often points are a Poisson disc instead.
        centre: half-axes of the ellipse that points always fill, as a fraction of the axes.
        image_noise: how often the image itself is noisy, as most references are, by 0.3 to 10 % of its maximum.
        band: how often the outer k-space is empty, as where a scanner filters or interpolates.
        edges: how often the phase has edges between tissues, as fat and water have.
        coils: how often several coils measure instead of one.
        coil_count: fewest and most of them.
        coil_acceleration: range of accelerations where several measure; None is that of one coil.
        measured_maps: a file of coil maps, from which half of the maps are drawn; None simulates all.
        estimated_maps: how often the maps of several coils are those that ESPIRiT finds in the noisy undersampled
            data, as in use; the centre of the mask is then large enough for it, and the image is what they combine.
        noisy_target: how often the target of several coils is what they measure in full, noise and all, as the
            references of measured scans are.
        estimated_noise: how often the noise level that is told is the one that the data show.
        hide_noise_level: how often the noise level is not told.
        batch: crops of one update, all of one size.
        phase: how far a random smooth phase may turn each image, as a fraction of half a turn.
    """

    images: Sequence[Tensor] = field(repr=False)
    crop: tuple[int, int] = (64, 128)
    acceleration: tuple[float, float] = (1.5, 5.2)
    noise: tuple[float, float] = (5e-4, 4e-3)
    lines: float = 0.1
    discs: float = 0.0
    centre: float = 0.02
    image_noise: float = 0.3
    band: float = 0.4
    edges: float = 0.0
    coils: float = 0.3
    coil_count: tuple[int, int] = (2, 8)
    coil_acceleration: tuple[float, float] | None = None
    measured_maps: str | None = None
    estimated_maps: float = 0.0
    noisy_target: float = 0.0
    estimated_noise: float = 0.0
    hide_noise_level: float = 0.1
    batch: int = 1
    phase: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            UserError: for a range whose ends are swapped or impossible.
        """
        least = {"crop": 1, "acceleration": 1, "noise": torch.finfo(torch.float32).tiny, "coil_count": 2}
        check(self, least | ({} if self.coil_acceleration is None else {"coil_acceleration": 1}), SHARES)
        # what cannot be drawn should fail now, not at night; how many lines are central depends on the size
        fastest = self.acceleration[1]
        if self.coil_acceleration and self.coils and self.estimated_maps < 1:
            fastest = max(fastest, self.coil_acceleration[1])
        sampling.gaussian((self.crop[0], self.crop[0]), fastest, centre=self.centre)
        for columns in range(self.crop[0], self.crop[1] + 1) if self.lines else ():
            sampling.cartesian((1, columns), fastest)
        if not 0 <= self.phase < float("inf"):
            raise UserError(f"a phase cannot be {self.phase}; give zero for none, or more")
        if self.coils and self.estimated_maps and self.crop[0] < SMALLEST:
            raise UserError(
                f"maps are estimated on crops of {SMALLEST} pixels or more; raise crop to [{SMALLEST}, ...]"
            )
        if self._bank is not None and len(self._bank) < self.coil_count[1]:
            raise UserError(f"measured_maps are of {len(self._bank)} coils; lower coil_count to that")

    def size(self, generator: torch.Generator) -> tuple[int, int]:
        """Return the rows and columns of an update's crops."""
        return integer(*self.crop, generator), integer(*self.crop, generator)

    def examples(self, size: tuple[int, int], generator: torch.Generator) -> Example:
        """Return a batch of acquisitions, and the images (batch, y, x) that they were made of."""
        # what is not asked for draws nothing, so that trainings from before it was possible can be repeated
        acceleration = 0.0 if self.coil_acceleration else uniform(*self.acceleration, generator)
        number = integer(*self.coil_count, generator) if uniform(0, 1, generator) < self.coils else 1
        if self.coil_acceleration:
            acceleration = uniform(*(self.coil_acceleration if number > 1 else self.acceleration), generator)
        estimated = number > 1 and bool(self.estimated_maps) and uniform(0, 1, generator) < self.estimated_maps
        noisy = number > 1 and bool(self.noisy_target) and uniform(0, 1, generator) < self.noisy_target
        drawn = []
        for _ in range(self.batch):
            target = self._augmented(self.images[integer(0, len(self.images) - 1, generator)], size, generator)
            noise_std = logarithmic(*self.noise, generator)
            mask = draw_mask(size, acceleration, self.lines, self.discs, self.centre, estimated, generator)
            maps = draw_maps(size, number, self._bank, generator) if number > 1 else None
            full = Acquisition.simulate(target, torch.ones_like(mask), maps, noise_std, generator=generator)
            scan = full.sampled(mask)
            if estimated:
                scan, target = with_estimated_maps(scan, target)
            drawn.append(Example(scan, full.with_maps(scan.maps).zero_filled if noisy else target))
        return Example.stack(drawn).telling_noise(self.hide_noise_level, self.estimated_noise, generator)

    @cached_property
    def _bank(self) -> Maps | None:
        return None if self.measured_maps is None else read_maps(self.measured_maps).to(torch.complex64)

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
        if self.edges and uniform(0, 1, generator) < self.edges:
            crop = crop * tissue_phase(crop, generator)
        if uniform(0, 1, generator) < self.image_noise:
            noise = torch.randn(size, dtype=crop.dtype, generator=generator)
            crop = crop + logarithmic(0.003, 0.1, generator) * noise
        return band_limited(crop, generator) if uniform(0, 1, generator) < self.band else crop
