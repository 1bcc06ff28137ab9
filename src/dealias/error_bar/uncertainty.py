"""An image and how far it may be off: every method, one coil or many, without any truth."""

import math
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from os import PathLike
from typing import Literal

from numpy.typing import ArrayLike
from torch import Tensor
from tqdm import tqdm

from dealias.acquisition import Acquisition
from dealias.cards import load
from dealias.decisions import decisions
from dealias.driver import Precision, reconstruct
from dealias.error_bar import behind
from dealias.error_bar.half_width import COVERAGE, half_width
from dealias.error_bar.held_out import HeldOut, held_out, missing
from dealias.error_bar.suspicions import size, suspicions
from dealias.errors import Note, UserError
from dealias.method import Method
from dealias.preparation import prepared, problem_of
from dealias.problem import Problem
from dealias.shapes import Image, Kspace, Maps


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """An image and its error, in its units.

    Arguments:
        image: of all samples (*batch, [time,] y, x), complex.
        half_width: of the interval around its magnitude that holds the true one in nine pixels of ten of the body.
        rms: root mean squared error that is expected of the magnitude's pixels (*batch).
        radius: of each band of k-space (*batch, band), 1/2 at the edge of an axis.
        bands: root mean squared error of a frequency in it that nobody measured (*batch, band), all coils together.
        warnings: what the numbers do not tell by themselves.
    """

    image: Image
    half_width: Tensor
    rms: Tensor
    radius: Tensor
    bands: Tensor
    warnings: tuple[str, ...] = ()
    coverage: float = COVERAGE

    @property
    def psnr(self) -> Tensor:
        """The peak signal-to-noise ratio expected of the magnitude, in decibels (*batch); NaN of zeros alone."""
        return 20 * (self._largest() / self.rms).log10()

    @property
    def relative(self) -> Tensor:
        """The error that is expected, of the norm of the magnitude (*batch); NaN of zeros alone."""
        squares = self.image.abs().double().square().flatten(self.rms.ndim)  # of any scale
        return self.rms / squares.mean(-1).sqrt().to(self.rms)

    def scaled(self, factor: Tensor) -> "Uncertainty":
        """Return that of an image which is so many times as bright."""
        found = {name: getattr(self, name) * factor for name in ("image", "half_width", "rms", "bands")}
        return replace(self, **found)

    def lines(self, numbers: Sequence[int] | None = None) -> list[str]:
        """Return a line of text for each slice or film.

        Arguments:
            numbers: of the slices, where these are a part of a file; by default from 0.
        """
        width = self.half_width.flatten(self.rms.ndim).mean(-1).flatten().tolist()
        rows = zip(
            self.rms.flatten().tolist(), self.relative.flatten().tolist(), self.psnr.flatten().tolist(), strict=True
        )
        found = []
        for index, (rms, relative, psnr) in enumerate(rows):
            size = f"rms error {rms:.3g} ({relative:.1%}), PSNR {psnr:.1f} dB"
            text = f"expected {size}, {self.coverage:.0%} interval +- {width[index]:.3g} in the mean"
            number = index if numbers is None else numbers[index]
            place = f"slice {number}: " if self.rms.ndim else ""
            found.append(place + ("empty" if math.isnan(relative) else text))
        return found

    def _largest(self) -> Tensor:
        return self.image.abs().flatten(self.rms.ndim).amax(-1)


def uncertainty(
    method: Method | str,
    scan: Problem | ArrayLike | Kspace | str | PathLike[str],
    *,
    folds: int = 4,
    maps: Maps | Literal["auto"] | None = "auto",
    batch: int | None = None,
    precision: Precision = "float32",
    seed: int = 0,
    progress: bool = False,
) -> Uncertainty:
    """Return the image that a method makes of a scan, and its error by samples that were held out of the scan.

    It takes the time of one reconstruction more than there are folds.

    Arguments:
        method: a method, or what `dealias.load` takes.
        scan: or the file of one, or an array of centred k-space (..., coil, y, x).
        folds: how many times samples are held out and others taken instead, as the image predicts them; ten at most.
        maps: as in `dealias.reconstruct`.
        batch: likewise.
        precision: likewise.
        seed: of which others.
        progress: show a bar on stderr, which counts folds.

    Raises:
        UserError: where too few samples can be held out, and for what `dealias.reconstruct` refuses.
    """
    method = load(method) if isinstance(method, str) else method
    if isinstance(folds, bool) or not 1 <= folds <= 10:
        raise UserError(f"{folds} folds are impossible; give 1 to 10")
    scan = prepared(problem_of(scan), maps, method)
    if not isinstance(scan, Acquisition):
        raise UserError("only samples of k-space can be held out; give an Acquisition")
    if method.own_maps and scan.maps is None and scan.coils > 1:
        raise UserError(f"{type(method).__name__} finds its own coil maps, which cannot be judged; give maps")
    straight, phase = scan.without_linear_phase(method.together(scan))  # so that a sample's frequency is its place
    scale = size(scan)  # a power of two, which changes no digit of the image
    straight = straight.scaled(1 / scale)
    bar = tqdm(total=folds + 1, disable=not progress, unit="fold", leave=False)

    def image_of(part: Acquisition) -> Tensor:
        with warnings.catch_warnings(), nullcontext() if part is straight else decisions():
            warnings.simplefilter("ignore", Note)  # those of the whole scan were shown above
            image = reconstruct(method, part, batch=batch, precision=precision)
        bar.update()
        return image

    with bar:
        found = held_out(image_of, straight, folds, seed)
    notes = (*_notes(scan), *suspicions(scan), *behind.warning(method, straight, seed))
    for note in notes:
        warnings.warn(Note(note), stacklevel=2)
    bars = of_magnitude(found, notes).scaled(scale.squeeze())
    return bars if phase is None else replace(bars, image=bars.image * phase)


def of_magnitude(found: HeldOut, notes: tuple[str, ...] = ()) -> Uncertainty:
    """Return the error bars of the magnitude."""
    lead, frames = found.energy.shape, found.image.shape[found.energy.ndim :]
    width = half_width(found.magnitude.reshape(*lead, *(1,) * len(frames)), found.image, found.parts)
    rms, bands = found.magnitude.sqrt().to(width), found.bands.sqrt().to(width)
    return Uncertainty(found.image, width, rms, found.radius.to(width), bands, notes)


def _notes(scan: Acquisition) -> list[str]:
    """Return what one must know of a scan to read the numbers."""
    empty = ~scan.kspace.flatten(-len(scan.axes) - 1).any(-1)
    found = []
    if empty.any():
        where = f" in {int(empty.sum())} of {empty.numel()} slices" if empty.numel() > 1 else ""
        found.append(f"every sample is zero{where}: so are the image and its error bar")
    if empty.all():
        return found
    if not missing(scan)[~empty].any():
        source = "noise level" if scan.noise_std is not None else "estimate of the noise level"
        return [*found, f"nothing is missing in k-space: the error bar is that of the noise, by the {source}"]
    if scan.noise_std is None:
        found.append("the noise level is not told: the error bar is that from an image of all samples and their noise")
    return found
