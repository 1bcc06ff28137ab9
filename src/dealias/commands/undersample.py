"""What a faster scan would have measured."""

import math
import warnings
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dealias.commands._files import each, folder_for
from dealias.commands._provenance import provenance
from dealias.commands._reading import READING, Conjugate, FileMask, reading
from dealias.errors import Note, UserError

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from dealias.acquisition import Acquisition
    from dealias.files.stack import Stack

    Draw = partial[Tensor]

SETTINGS = ("acceleration", "mask_arguments", "per_slice", "noise", "images", "coils", "seed")
CENTRAL_LINES = (16, 12)  # half-axes of an ellipse, or lines, that coil maps like, and that do


@dataclass(frozen=True)
class Job:
    """What is done with every file: read or simulate its full k-space, keep some samples, add noise, write.

    Arguments:
        reading: the options of `dealias.open`.
        coils: how many to simulate of images; None where k-space is read.
        draw: draws a pattern of a shape.
        widen: whether several coils get a centre that is sampled widely enough for their maps.
        noise: as a fraction of the largest image magnitude.
        writing: the options of `dealias.write`.
        settings: all that decides a result.
    """

    reading: dict[str, Any]
    coils: int | None
    draw: "Draw"
    widen: bool
    per_slice: bool
    noise: float
    writing: dict[str, Any]
    settings: dict[str, Any]

    def undersample(self, source: Path, target: Path) -> None:
        """Undersample one file, a large one some slices at a time."""
        import torch

        import dealias

        seed = self.settings["seed"]
        scans = self._full(source)
        first = scans.first()
        folder_for(target)
        generator = torch.Generator().manual_seed(_seed(seed, source) if self.per_slice else seed)
        draw = partial(self.draw, generator=generator)
        lead = scans.shape(first.shape)[: -len(first.axes)] if self.per_slice else ()
        one = tuple(first.shape[-len(first.axes) :])
        patterns = _patterns(lead, one, _with_wide_centre(draw, one) if self.widen and first.coils > 1 else draw)
        brightest = max(scans.ahead(lambda full: float(full.root_sum_of_squares.max()))) if self.noise else 0.0
        fewer = _Fewer(patterns, bool(lead), self.draw.func is not _given, self.noise * brightest, generator)
        dealias.write(target, scans.map(fewer.of), **self.writing, attributes=provenance(source, self.settings))
        before, after = fewer.acceleration("before"), fewer.acceleration("after")
        wanted = self.settings["acceleration"]
        if wanted and before > 1.05 and after > 1.05 * wanted:
            text = f"{source}: was undersampled already; one sample in {after:.3g} is left"
            warnings.warn(Note(text), stacklevel=2)

    def _full(self, source: Path) -> "Stack[Acquisition]":
        """Return the scans that a file holds, or those of its images."""
        import dealias
        from dealias.files.stack import Stack

        if self.coils is None:
            return Stack.of(source, self.reading, partial(dealias.open, source))
        return _simulated(source, self.coils, self.reading["axes"], self.settings["seed"])


class _Fewer:
    """What is kept of slices that come one after the other, and the noise that each gets.

    Arguments:
        patterns: the mask of all slices, or of each its own.
        drawn: whether they were drawn around the middle, and not given.
    """

    def __init__(self, patterns: "Tensor", per_slice: bool, drawn: bool, noise: float, generator: "Generator") -> None:
        self.patterns, self.per_slice, self.drawn = patterns, per_slice, drawn
        self.noise, self.generator = noise, generator
        self.start = 0
        self.shares: dict[str, list[Tensor]] = {"before": [], "after": []}

    def of(self, full: "Acquisition") -> "Acquisition":
        """Return what a faster scan would have measured of the next slices."""
        from dealias.acquisition import shares
        from dealias.linear_phase import around_centre
        from dealias.validation import validated_mask

        count = len(full.kspace)
        patterns = self.patterns[self.start : self.start + count] if self.per_slice else self.patterns
        if self.drawn:
            patterns = around_centre(validated_mask(patterns, full.kspace), full.kspace, len(full.axes) + 1)
        kept = full.sampled(patterns)
        self.start += count
        for name, scan in (("before", full), ("after", kept)):
            self.shares[name].append(shares(scan.mask, scan.axes).flatten())
        return kept.with_noise(self.noise, self.generator) if self.noise else kept

    def acceleration(self, name: str) -> float:
        """Return the acceleration of all slices, before or after."""
        import torch

        from dealias.acquisition import acceleration

        return acceleration(torch.cat(self.shares[name]))


def run(
    input: str,
    output: str,
    *,
    acceleration: float | None = None,
    mask: str = "gaussian",
    mask_arguments: dict[str, Any] | None = None,
    per_slice: bool = False,
    noise: float = 0.0,
    images: bool = False,
    coils: int = 1,
    key: str | None = None,
    axes: str | None = None,
    file_mask: FileMask = "refuse",
    conjugate: Conjugate = "auto",
    format: Literal["h5", "npy", "cfl", "mat"] = "h5",
    overwrite: bool = False,
    seed: int = 0,
) -> None:
    """Keep the samples of a file, or of a folder of files, that a faster scan would have measured.

    Arguments:
        input: a file with k-space, or with --images one with images, or a folder of such files
        output: the file to write (.h5, .npy, .cfl, .mat), or a folder
        acceleration: one sample in this many is kept
        mask: the pattern, drawn anew for every frame of a film, `dealias methods` lists them; or a file that holds one
        mask_arguments: an argument of the pattern, such as --mask.centre 0.04; `dealias methods` lists them
        per_slice: draw another pattern for every slice and every file, not one for all
        noise: standard deviation of noise to add to each part, as a fraction of the largest image magnitude
        images: the input holds images, whose k-space is simulated
        coils: with --images, how many coils to simulate
        key: the dataset that holds the k-space, where a file has several
        axes: names of the axes, such as "slice time coil y x", where the shape alone cannot tell
        file_mask: what to do with a file's own mask where it leaves out samples that there are
        conjugate: turn the image of raw data around; auto turns that of Siemens' scanners
        format: of the files that a folder gives
        overwrite: replace existing files
        seed: of the mask and the noise
    """
    job = _job(locals())
    each(input, output, job.undersample, "undersampled", format, job.settings, kspace=True, overwrite=overwrite)


def _job(options: dict[str, Any]) -> Job:
    """Return what the options of `run` mean."""
    coils, images, given = options["coils"], options["images"], options["mask_arguments"] or {}
    if coils < 1 or (coils > 1 and not images):
        raise UserError("--coils is how many to simulate of --images, 1 or more; measured scans have theirs")
    draw = _draw(options["mask"], options["acceleration"], given)
    return Job(
        reading=reading(options),
        coils=coils if images else None,
        draw=draw,
        widen="centre" in draw.keywords and "centre" not in given,
        per_slice=options["per_slice"],
        noise=options["noise"],
        writing={"overwrite": options["overwrite"]},
        settings={name: options[name] for name in (*SETTINGS, *READING)} | {"pattern": options["mask"]},
    )


def _draw(mask: str, acceleration: float | None, given: dict[str, Any]) -> "Draw":
    """Return what draws a pattern of a shape: one of ours by name, or gives that which a file holds."""
    from dealias import find
    from dealias.configure import typed_arguments
    from dealias.files.given_arrays import read_pattern

    if Path(mask).is_file():
        if given:
            raise UserError(f"{mask}: is a pattern that is drawn already; leave --mask.* out")
        if acceleration is not None:
            text = f"{mask}: the pattern has its own acceleration; --acceleration is left aside"
            warnings.warn(Note(text), stacklevel=3)
        return partial(_given, read_pattern(mask), mask)
    pattern = find.mask(mask)
    if acceleration is None:
        raise UserError("missing: --acceleration; see `dealias undersample --help`")
    arguments = typed_arguments(pattern, given, given=("shape", "acceleration", "generator"))
    return partial(pattern, acceleration=acceleration, **arguments)


def _given(pattern: "Tensor", name: str, shape: tuple[int, ...], generator: Any) -> "Tensor":
    """Return a pattern of a user's for an image or film of a shape."""
    try:
        return pattern.expand(shape)
    except RuntimeError:
        text = f"{name}: the pattern has shape {tuple(pattern.shape)}, k-space {tuple(shape)}"
        raise UserError(f"{text}; give one of (x), (y, x) or all frames") from None


def _simulated(source: Path, coils: int, axes: str | None, seed: int) -> "Stack[Acquisition]":
    """Return the scans of images that sample all of k-space, without noise."""
    import torch

    import dealias
    from dealias.files.images import stored_images
    from dealias.files.slice_ranges import cut
    from dealias.files.stack import Stack
    from dealias.problem import FILM, IMAGE

    images = stored_images(source, axes)
    generator = torch.Generator().manual_seed(seed)
    maps = dealias.coils.simulate(images.shape[-2:], coils, generator=generator) if coils > 1 else None
    names = FILM if "time" in (axes or "") else IMAGE

    def scan(images: "Tensor") -> "Acquisition":
        return dealias.Acquisition.simulate(images, torch.ones(images.shape[-1]), maps, axes=names)

    if images.ndim == len(names):
        return Stack.one(scan(images))
    places = cut(range(len(images)), coils * images[0].nbytes)
    return Stack(lambda place: scan(images[place]), places, len(images))


def _patterns(lead: tuple[int, ...], one: tuple[int, ...], draw: "Draw") -> "Tensor":
    """Return the mask of a scan: one pattern, of a film with a draw for each frame, or one for every slice.

    Arguments:
        lead: how many slices have their own.
        one: shape of an image or film.
    """
    import torch

    patterns = [draw(one) for _ in range(math.prod(lead))]
    return torch.stack(patterns).reshape(*lead, *one).unsqueeze(-3)


def _with_wide_centre(draw: "Draw", shape: tuple[int, ...]) -> "Draw":
    """Return a draw whose centre is as wide as coil maps like it, or as does for them, if that is at most half of all.

    A width that was not given by a user: the pattern's own stays where it is wider.
    """
    import torch

    for lines in CENTRAL_LINES:
        centre = round(lines / min(shape[-2:]), 4)
        if centre <= draw.keywords["centre"]:
            return draw
        wider = partial(draw, centre=centre)
        try:
            wider(shape[-2:], acceleration=2 * draw.keywords["acceleration"], generator=torch.Generator())
        except UserError:  # the centre alone would be more than half of the samples
            continue
        text = f"the centre that is always sampled is widened to {centre:g} for coil maps; --mask.centre sets it"
        warnings.warn(Note(text), stacklevel=4)
        return wider
    return draw


def _seed(seed: int, source: Path) -> int:
    """Return another seed for every file, the same alone and in a folder; those of one name lie in different ones."""
    return zlib.crc32(f"{seed} {source.absolute().parent.name} {source.name}".encode())
