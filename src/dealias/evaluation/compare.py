"""Methods side by side: every image, acceleration, mask pattern and method; all methods see the same data.

What is drawn (pattern, noise, coils) depends on seed, file, slice, acceleration and pattern number alone, not on
what else is compared or what was done before, so that a comparison can be interrupted, continued and extended.
"""

import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from time import perf_counter
from typing import Any, Literal

import torch
from torch import Tensor

from dealias import coils, find
from dealias.acquisition import Acquisition
from dealias.configure import typed_arguments
from dealias.driver import Precision, reconstruct
from dealias.error_bar.uncertainty import uncertainty
from dealias.errors import UserError
from dealias.evaluation import metrics
from dealias.evaluation.calibration import judged
from dealias.evaluation.references import Reference
from dealias.files.crop import crop
from dealias.method import Method
from dealias.problem import FILM, IMAGE
from dealias.shapes import Image

KEY = ("file", "slice", "frame", "method", "mask", "acceleration", "pattern")
SETTING = ("actual_acceleration", "noise", "coils")
MAGNITUDE: dict[str, Callable[..., Tensor]] = {
    name: getattr(metrics, name) for name in ("mse", "nmse", "nrmse", "psnr", "ssim", "hfen")
}
COMPLEX = {f"complex_{name}": score for name, score in MAGNITUDE.items() if name != "ssim"}
COLUMNS = (*KEY, *SETTING, *MAGNITUDE, *COMPLEX, "seconds")

Row = dict[str, str | int | float]
Key = tuple[str, ...]


@dataclass(frozen=True)
class Protocol:
    """How every image is measured and judged.

    Arguments:
        accelerations: one sample in so many is measured.
        mask: the pattern, by name.
        mask_arguments: of the function that draws it.
        patterns: how many of them per image and acceleration.
        noise: standard deviation of each part of a sample, as a fraction of the largest magnitude. Scans that
            were measured have their own, to which nothing is added.
        coils: simulated ones, where an image is measured in simulation.
        range: PSNR and SSIM refer to the maximum of the "slice", or as fastMRI's to that of the "volume".
        seed: of all that is drawn.
    """

    accelerations: tuple[float, ...] = (2.0, 3.0, 4.0, 5.0)
    mask: str = "gaussian"
    mask_arguments: Mapping[str, Any] = field(default_factory=dict)
    patterns: int = 10
    noise: float = 0.001
    coils: int = 1
    range: Literal["slice", "volume"] = "slice"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be, before hours are spent on it."""
        if self.patterns < 1 or self.coils < 1:
            raise UserError("patterns and coils must be 1 or more; correct them")
        if not self.accelerations or not all(1 <= value < float("inf") for value in self.accelerations):
            raise UserError("accelerations must be 1 or more; write them as --accelerations 2,3,4,5")
        if not 0 <= self.noise < float("inf"):
            raise UserError(f"noise of {self.noise:g} is impossible; give zero or more")
        typed_arguments(find.mask(self.mask), self.mask_arguments, given=("shape", "acceleration", "generator"))


def compare(
    methods: Mapping[str, Method],
    reference: Reference,
    protocol: Protocol,
    done: Collection[Key] = (),
    *,
    device: str = "cpu",
    precision: Precision = "float32",
    folds: int = 0,
) -> Iterator[Row]:
    """Yield one row per acceleration, pattern, method and frame of an image, those that are done left out.

    Arguments:
        methods: by the name that the rows call them.
        done: keys, as `key_of` makes them, of the rows that are there.
        folds: sets of samples that are held out for error bars, which are scored too; 0 makes none.
    """
    frames = range(reference.image.shape[0] if reference.image.ndim > 2 else 1)
    for acceleration, pattern in product(protocol.accelerations, range(protocol.patterns)):
        scan = None
        for name, method in methods.items():
            about: Row = {"file": reference.file, "slice": reference.slice, "method": name, "mask": protocol.mask}
            about |= {"acceleration": acceleration, "pattern": pattern}
            missing = [frame for frame in frames if key_of({**about, "frame": frame}) not in done]
            if not missing:
                continue
            scan = scan or measured(reference, protocol, acceleration, pattern).to(device)
            about |= {"actual_acceleration": scan.acceleration, "coils": scan.coils}
            about["noise"] = protocol.noise if reference.full is None else 0.0
            start = perf_counter()
            found = _scored(method, scan, reference, protocol, precision, folds)
            about["seconds"] = perf_counter() - start
            for frame in missing:
                yield {**about, "frame": frame, **{score: float(values[frame]) for score, values in found.items()}}


def images(
    methods: Mapping[str, Method],
    reference: Reference,
    protocol: Protocol,
    acceleration: float,
    *,
    pattern: int = 0,
    device: str = "cpu",
    precision: Precision = "float32",
) -> dict[str, Image]:
    """Return what `compare` scores: every method's image, by name, of the same size as the reference."""
    scan = measured(reference, protocol, acceleration, pattern).to(device)
    size = (reference.image.shape[-2], reference.image.shape[-1])
    return {name: crop(_image(method, scan, protocol, precision), size) for name, method in methods.items()}


def _scored(
    method: Method, scan: Acquisition, reference: Reference, protocol: Protocol, precision: Precision, folds: int
) -> dict[str, Tensor]:
    """Return every metric of a method's image, and of its error bar where there are folds, one number per frame."""
    if not folds:
        return scores(_image(method, scan, protocol, precision), reference, protocol.range)
    torch.manual_seed(protocol.seed)
    bar = uncertainty(method, scan, folds=folds, precision=precision, seed=protocol.seed)
    truth = reference.image.cpu()
    image, width = (crop(value.cpu(), (truth.shape[-2], truth.shape[-1])) for value in (bar.image, bar.half_width))
    trust = judged(image, width, bar.rms.cpu(), truth, bar.coverage)
    return scores(image, reference, protocol.range) | {name: torch.atleast_1d(value) for name, value in trust.items()}


def _image(method: Method, scan: Acquisition, protocol: Protocol, precision: Precision) -> Image:
    torch.manual_seed(protocol.seed)
    return reconstruct(method, scan, precision=precision).cpu()


def key_of(row: Mapping[str, object]) -> Key:
    """Return what tells a row from all others, as text."""
    return tuple(text(row[name]) for name in KEY)


def text(value: object) -> str:
    """Return a value as a table holds it."""
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def measured(reference: Reference, protocol: Protocol, acceleration: float, pattern: int) -> Acquisition:
    """Return what a faster scan would have measured of an image."""
    place = f"{protocol.seed} {reference.file} {reference.slice} {acceleration:g} {pattern}"
    generator = torch.Generator().manual_seed(zlib.crc32(place.encode()))
    shape = reference.image.shape if reference.full is None else reference.full.shape
    draw = find.mask(protocol.mask)
    given = typed_arguments(draw, protocol.mask_arguments, given=("shape", "acceleration", "generator"))
    mask = draw(tuple(shape), acceleration, generator=generator, **given).unsqueeze(-3)
    if reference.full is not None:
        return reference.full.sampled(mask)
    maps = coils.simulate(shape[-2:], protocol.coils, generator=generator) if protocol.coils > 1 else None
    image, noise = reference.image, protocol.noise
    return Acquisition.simulate(image, mask, maps, noise, generator=generator, axes=FILM if image.ndim > 2 else IMAGE)


def scores(image: Tensor, reference: Reference, range: str) -> dict[str, Tensor]:
    """Return every metric of an image, one number per frame."""
    truth = reference.image.cpu()
    image = crop(image, (truth.shape[-2], truth.shape[-1])).to(truth.dtype)
    found = {}
    for name, score in (MAGNITUDE | COMPLEX).items():
        options: dict[str, Any] = {"phase": True} if name in COMPLEX else {}
        if range == "volume" and name.endswith(("psnr", "ssim")):
            options["data_range"] = reference.volume
        found[name] = torch.atleast_1d(score(image, truth, **options))
    return found
