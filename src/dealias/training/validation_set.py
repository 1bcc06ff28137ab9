"""On what a training is judged: always the same examples of the same files, whatever the method."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from dealias import coils, sampling
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.evaluation.references import files
from dealias.files.formats.fastmri import sampled_in_full
from dealias.files.images import contents, film, images
from dealias.phantoms.susceptibility import susceptibility
from dealias.problem import FILM
from dealias.shapes import Pattern
from dealias.susceptibility.problem import Susceptibility, referenced
from dealias.susceptibility.v_sharp import v_sharp
from dealias.training.augment import smooth_phase
from dealias.training.example import Example
from dealias.training.films import CENTRAL
from dealias.training.maps import estimated, with_estimated_maps

# of images: how many coils see them, the acceleration, and the noise as a fraction of the maximum
ONE_COIL = ((1, 2.0, 0.001), (1, 4.0, 0.001))
SEVERAL_COILS = ((1, 4.0, 0.001), (8, 4.0, 0.002))
OF_FILMS = (6.0, 9.0)
OF_SCANS = 4.0
HEADS, NOISE = (101, 102, 103), 5e-4  # of susceptibility: seeds, and parts per million


def validation_set(sources: Sequence[str], *, films: bool = False, several_coils: bool = False) -> list[Example]:
    """Return examples with targets of all files: of about five images and five measured slices, or of every film.

    Arguments:
        sources: files or folders with images, or with fully sampled k-space of several coils.
        films: whether the files hold films.
        several_coils: whether images are seen by several coils, too.

    Raises:
        UserError: where a file is damaged, or holds something else.
    """
    if films:
        return of_films([film(source) for source in sources])
    stills: list[Tensor] = []
    scans: list[Acquisition] = []
    for path in (path for source in sources for path, _ in files(source)):
        found = contents(path)
        if isinstance(found, Acquisition) and found.coils > 1:
            if not sampled_in_full(found.centred_mask):
                raise UserError(f"{path}: is undersampled; validation needs images, or all of k-space")
            slices = [found] if found.kspace.ndim == 3 else [found[number] for number in range(len(found.kspace))]
            scans += [scan for scan in slices if scan.kspace.any()]  # of nothing, any image is infinitely far
        else:
            stills += images(path)
    cases = SEVERAL_COILS if several_coils else ONE_COIL
    return [*of_images(_some(stills, 3 if several_coils else 5), cases), *of_scans(_some(scans, 5))]


def of_images(images: Sequence[Tensor], cases: Sequence[tuple[int, float, float]]) -> list[Example]:
    """Return simulated acquisitions of each image in each case; several coils have the maps that ESPIRiT finds."""
    examples = []
    # each process of several takes every n-th one: all should meet every acceleration
    for number, acceleration, noise_std in cases:
        for seed, image in enumerate(images):
            generator = torch.Generator().manual_seed(seed)
            shape = (image.shape[-2], image.shape[-1])
            if number == 1:
                mask, maps = sampling.gaussian(shape, acceleration, generator=generator), None
            else:
                mask = _lines(shape, acceleration, generator)
                maps = coils.simulate(shape, number, generator=generator)
            scan = Acquisition.simulate(image, mask, maps, noise_std, generator=generator)
            examples.append(Example(*((scan, image) if maps is None else with_estimated_maps(scan, image))))
    return examples


def of_scans(scans: Sequence[Acquisition]) -> list[Example]:
    """Return what points and lines would have measured of slices that are fully sampled, with ESPIRiT's maps."""
    examples = []
    for seed, scan in enumerate(scans):
        generator = torch.Generator().manual_seed(seed)
        scan, _ = scan.without_linear_phase()  # masks are drawn around the middle
        image = (scan if scan.maps is not None else scan.with_maps(estimated(scan))).zero_filled
        shape = (image.shape[-2], image.shape[-1])
        centre = max(0.06, 14 / (2**0.5 * min(shape)))  # an ellipse that holds the square that ESPIRiT needs
        points = sampling.gaussian(shape, OF_SCANS, centre=centre, generator=generator)
        for mask in (points, _lines(shape, OF_SCANS, generator)):
            part = scan.sampled(mask)
            examples.append(Example(part.with_maps(estimated(part)), image))
    return examples


def of_films(films: Sequence[Tensor]) -> list[Example]:
    """Return simulated acquisitions of the first frames of each film at each acceleration.

    The middle rows alone, since a film is long to reconstruct; a smooth phase; noise 0.001 of the maximum.
    """
    examples = []
    for acceleration in OF_FILMS:
        for seed, frames in enumerate(films):
            generator = torch.Generator().manual_seed(seed)
            top = max(0, (frames.shape[-2] - 64) // 2)
            part = frames[:10, top : top + 64]
            part = part / part.abs().max() * smooth_phase((part.shape[-2], part.shape[-1]), 1.0, generator)
            number = part.shape[-1] / acceleration  # of a narrow film's lines half are central
            central = CENTRAL if number >= CENTRAL else max(1, round(number / 2))
            mask = sampling.kt((*part.shape,), acceleration, central=central, generator=generator).unsqueeze(-3)
            scan = Acquisition.simulate(part, mask, noise_std=0.001, generator=generator, axes=FILM)
            examples.append(Example(scan, part))
    return examples


def of_heads(seeds: Sequence[int] = HEADS, size: int = 48) -> list[Example]:
    """Return the fields of deformed heads with their susceptibility: the exact local one, and what V-SHARP leaves.

    Arguments:
        size: voxels along each axis.
    """
    examples = []
    for seed in seeds:
        head = susceptibility((size,) * 3, seed=seed)
        noise = NOISE * torch.randn(head.field.shape, generator=torch.Generator().manual_seed(seed))
        removed, known = v_sharp((head.field + noise) * head.mask, head.mask, head.voxel_size, radius=12.0)
        for local, mask in ((head.local_field, head.mask), (removed, known)):
            problem = Susceptibility.of(local, mask, None, head.voxel_size, head.direction)
            examples.append(Example(problem, referenced(head.chi, mask)))
    return examples


def _lines(shape: tuple[int, int], acceleration: float, generator: torch.Generator) -> Pattern:
    """Return random lines, with as many central ones as ESPIRiT needs."""
    return sampling.cartesian(shape, acceleration, centre=max(0.08, 13 / shape[1]), generator=generator)


def _some(values: Sequence[Any], count: int) -> Sequence[Any]:
    """Return about five of them, and not more than `count` where that is less."""
    return values[:: max(1, len(values) // 5)][: count if count < 5 else None]
