"""From measured k-space to examples: what a shorter scan would have measured of a slice, or of a part of it.

A scan that is fully sampled is the truth: its image, coils combined by its maps, is the target. One that is not has
none, and a network learns from samples that are held back.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby, product
from pathlib import Path

import torch

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.evaluation.references import files
from dealias.files.formats.fastmri import sampled_in_full
from dealias.files.open import open
from dealias.files.recognition import about, recognise
from dealias.files.wanted import Wanted
from dealias.shapes import Maps
from dealias.training._random_numbers import check, integer, logarithmic, uniform
from dealias.training.example import Example
from dealias.training.maps import estimated
from dealias.training.masks import SMALLEST, draw_mask
from dealias.training.source import Source

KEPT = 64  # slices whose maps are remembered
SHARES = ("lines", "discs", "estimated_maps", "estimated_noise", "hide_noise_level")


@dataclass(frozen=True)
class Scans(Source):
    """How examples are drawn from measured scans; ranges are uniform, the noise's in its logarithm.

    All but the noise level concerns fully sampled scans; others are taken as they are.

    Arguments:
        scans: of one slice each, several coils with maps; all fully sampled, or none.
        crop: smallest and largest side of a part of the image; what a scan has less is taken whole.
        acceleration: range of accelerations.
        noise: range of the standard deviation of noise that is added, as a fraction of the maximum; None for none.
        lines: how often the mask consists of whole lines; otherwise of points from a Gaussian density.
        discs: how often points are a Poisson disc instead.
        centre: half-axes of the ellipse that points always fill, as a fraction of the axes.
        estimated_maps: how often maps are those that ESPIRiT finds in the undersampled data, as in use.
        estimated_noise: how often the noise level that is told is the one that the data show.
        hide_noise_level: how often the noise level is not told.
        batch: slices of one update.
    """

    scans: Sequence[Acquisition] = field(repr=False)
    crop: tuple[int, int] = (96, 160)
    acceleration: tuple[float, float] = (2.0, 8.0)
    noise: tuple[float, float] | None = None
    lines: float = 0.5
    discs: float = 0.25
    centre: float = 0.04
    estimated_maps: float = 0.9
    estimated_noise: float = 0.7
    hide_noise_level: float = 0.1
    batch: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            UserError: for a range whose ends are swapped or impossible.
        """
        tiny = torch.finfo(torch.float32).tiny
        least = {"crop": SMALLEST, "acceleration": 1} | ({} if self.noise is None else {"noise": tiny})
        check(self, least, SHARES)

    def size(self, generator: torch.Generator) -> tuple[int, int]:
        """Return the rows and columns of an update's parts, at the most."""
        return integer(*self.crop, generator), integer(*self.crop, generator)

    def examples(self, size: tuple[int, int], generator: torch.Generator) -> Example:
        """Return a batch of acquisitions, with the images (batch, y, x) of all samples where the scans are full.

        Raises:
            UserError: where slices of a batch differ in size or number of coils.
        """
        acceleration = uniform(*self.acceleration, generator)
        estimating = uniform(0, 1, generator) < self.estimated_maps
        drawn = []
        for _ in range(self.batch):
            scan = self._drawn(generator)
            full = sampled_in_full(scan.centred_mask)
            drawn.append(self._undersampled(scan, size, acceleration, estimating, generator) if full else Example(scan))
        return Example.stack(drawn).telling_noise(self.hide_noise_level, self.estimated_noise, generator)

    def _drawn(self, generator: torch.Generator) -> Acquisition:
        """Return a scan that holds signal, which the slices at the ends of a volume may lack."""
        while True:
            scan = self.scans[integer(0, len(self.scans) - 1, generator)]
            if scan.kspace.any():
                return scan

    def _undersampled(
        self,
        scan: Acquisition,
        size: tuple[int, int],
        acceleration: float,
        estimating: bool,
        generator: torch.Generator,
    ) -> Example:
        scan = part_of(scan, size, generator)
        target = scan.zero_filled
        noisy = scan
        if self.noise is not None:
            noisy = scan.with_noise(logarithmic(*self.noise, generator) * float(target.abs().max()), generator)
        calibrated = estimating and scan.coils > 1
        shape = (scan.shape[-2], scan.shape[-1])
        mask = draw_mask(shape, acceleration, self.lines, self.discs, self.centre, calibrated, generator)
        problem = noisy.sampled(mask)
        if not calibrated:
            return Example(problem, target)
        maps = estimated(problem)
        return Example(problem.with_maps(maps), scan.with_maps(maps).zero_filled)


def part_of(scan: Acquisition, size: tuple[int, int], generator: torch.Generator) -> Acquisition:
    """Return what would have been measured of a random part of the image, turned over at random.

    Arguments:
        scan: of one slice, fully sampled.
        size: rows and columns of the part, at the most.
    """
    images, maps = scan.coil_images, scan.maps
    for axis, wanted in ((-2, size[0]), (-1, size[1])):
        length = min(wanted, images.shape[axis])
        first = integer(0, images.shape[axis] - length, generator)
        turned = (axis,) if uniform(0, 1, generator) < 0.5 else ()
        images = images.narrow(axis, first, length).flip(turned)
        maps = None if maps is None else maps.narrow(axis, first, length).flip(turned)
    noise_std = None if scan.noise_std is None else scan.noise_std.amax((-2, -1), keepdim=True)
    mask = torch.ones(1, *images.shape[-2:], dtype=torch.bool)
    return Acquisition(torch.fft.fft2(images, norm="ortho"), mask, maps, noise_std)


class Slices(Sequence[Acquisition]):
    """The slices of files or folders, with coil maps, read when they are asked for.

    HDF5 is read slice by slice, files of other formats are held in memory. Maps are the file's own or ESPIRiT's, of
    all samples, and remembered for the last 64 slices.

    Raises:
        UserError: where a file is damaged or no measurement of images, or only some of them are fully sampled.
    """

    def __init__(self, sources: Sequence[str]) -> None:
        self.readers = [(path, read) for source in sources for path, _ in files(source) for read in _readers(path)]
        self.maps: dict[int, Maps] = {}
        # the first slice of each file tells of a damaged one now, not at night
        by_file = groupby(self.readers, key=lambda reader: reader[0])
        full = {path: sampled_in_full(_first(path, readers).centred_mask) for path, readers in by_file}
        if len({*full.values()}) > 1:
            one, other = (next(path for path, is_full in full.items() if is_full == kind) for kind in (True, False))
            raise UserError(f"{one} is fully sampled, {other} is not; learn from them apart")

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.readers)

    def __getitem__(self, number: int) -> Acquisition:  # type: ignore[override]
        """Return one of them."""
        path, read = self.readers[number]
        scan, _ = _checked(path, read).without_linear_phase()  # as methods see it, and masks are drawn for it
        if scan.coils == 1 or scan.maps is not None:
            return scan
        if number not in self.maps:
            if len(self.maps) == KEPT:
                del self.maps[next(iter(self.maps))]
            with about(path):
                self.maps[number] = estimated(scan)
        return scan.with_maps(self.maps[number])


def _first(path: Path, readers: Iterable[tuple[Path, Callable[[], Acquisition]]]) -> Acquisition:
    """Return the first slice of a file that holds signal."""
    for _, read in readers:
        scan = _checked(path, read)
        if scan.kspace.any():
            return scan
    raise UserError(f"{path}: holds no signal; leave it out")


def _readers(path: Path) -> list[Callable[[], Acquisition]]:
    """Return what reads each slice of a file."""
    with about(path):
        module = recognise(path)
        numbers = module.stack(path, Wanted())[0] if module is not None and hasattr(module, "stack") else range(0)
    if numbers:
        return [partial(_slice, path, number) for number in numbers]
    scan = open(path)
    return [partial(scan.__getitem__, place) for place in product(*map(range, scan.shape[: -len(scan.axes)]))]


def _slice(path: Path, number: int) -> Acquisition:
    return open(path, slices=number)[0]


def _checked(path: Path, read: Callable[[], Acquisition]) -> Acquisition:
    scan = read()
    if len(scan.shape) != 2:
        raise UserError(f"{path}: holds films or sets of images; scans of one image for each slice are learned from")
    return scan
