"""All stages of a scan in a folder: what is read, what is chosen, what is written."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from dealias.cards import fingerprint, load
from dealias.errors import UserError
from dealias.method import Method
from dealias.shapes import Region
from dealias.susceptibility.echoes import Echoes, Told, bids_files, read_echoes, read_mask
from dealias.susceptibility.field import field_map
from dealias.susceptibility.learned import check_images
from dealias.susceptibility.mask import brain_mask, signal_mask
from dealias.susceptibility.offset import combined
from dealias.susceptibility.phase_of_all import phase_of_all
from dealias.susceptibility.picture import planes
from dealias.susceptibility.problem import referenced
from dealias.susceptibility.relaxation import relaxation_rate
from dealias.susceptibility.scan import PHASE_ROUNDS, first_echo, read_scan, reconstructed, shared_phase
from dealias.susceptibility.stages import (
    DEFAULTS,
    INVERSIONS,
    MEASURED,
    RAMP,
    REMOVALS,
    Background,
    Folder,
    Inversion,
    check_sign,
    chosen,
    combine,
    constants,
    field_of,
    invert,
    local_field_of,
    turned,
)
from dealias.susceptibility.units import hertz
from dealias.susceptibility.unwrap import unwrap_echoes

WINDOW = 0.15  # ppm to both sides in the picture


@dataclass(frozen=True)
class Sources:
    """The files that a map is made of: magnitudes and phases, or k-space.

    Arguments:
        mask: of the brain; None is found.
        reference: mask of the region whose mean is zero; None is the whole mask.
    """

    magnitude: list[Path] = field(default_factory=list)
    phase: list[Path] = field(default_factory=list)
    kspace: Path | None = None
    mask: Path | None = None
    reference: Path | None = None

    @classmethod
    def of(
        cls, input: str | None, magnitude: list[str], phase: list[str], mask: str | None, reference: str | None
    ) -> "Sources":
        """Return the sources that a user names: k-space, a BIDS folder, or magnitudes and phases.

        Raises:
            UserError: where these are none, or more than one of them.
        """
        both = bool(magnitude) and bool(phase)
        if (input is None and not both) or (input is not None and (magnitude or phase)):
            raise UserError("give either k-space or a BIDS folder, or both --magnitude and --phase")
        magnitudes, phases, kspace = [Path(m) for m in magnitude], [Path(p) for p in phase], None
        if input is not None and Path(input).is_dir():
            magnitudes, phases = bids_files(Path(input))
        elif input is not None:
            kspace = Path(input)
        return cls(magnitudes, phases, kspace, Path(mask) if mask else None, Path(reference) if reference else None)

    @property
    def measured(self) -> list[Path]:
        """The files of the echoes."""
        return [*self.magnitude, *self.phase, *([] if self.kspace is None else [self.kspace])]

    def check_apart(self, target: Path) -> None:
        """Raise where a source lies among the results, one of which could replace it."""
        for path in (*self.measured, self.mask, self.reference):
            if path is not None and path.resolve().parent == target.resolve():
                raise UserError(f"{path}: lies in the folder of the results; name another with -o")


@dataclass(frozen=True)
class Choices:
    """What is chosen of every stage; `dealias qsm --help` says more."""

    method: str = "total_variation"
    method_arguments: Mapping[str, Any] = field(default_factory=dict)
    background: Background = "v_sharp"
    radius: float = 12.0
    inversion: str = "total_variation"
    regularisation: float | None = None
    conjugate: bool = False
    bipolar: bool = False

    def __post_init__(self) -> None:
        """Raise where a number is impossible."""
        for name, value in (("radius", self.radius), ("regularisation", self.regularisation)):
            if value is not None and not 0 < value < float("inf"):
                raise UserError(f"a {name} of {value:g} is impossible; give more than 0")


def map_susceptibility(
    sources: Sources, target: Path, told: Told, choices: Choices, *, overwrite: bool = False
) -> Tensor:
    """Return the susceptibility (z, y, x) in parts per million, and write it with all stages before it to a folder.

    Raises:
        UserError: where files do not say what is needed, or the folder holds stages that were made otherwise.
    """
    sources.check_apart(target)
    inversion = chosen(choices.inversion, choices.regularisation)
    kspace = None
    if sources.kspace is not None:
        kspace, echoes = read_scan(sources.kspace, told)
    else:
        echoes = read_echoes(sources.magnitude, sources.phase, told)
    method = load(choices.method, **choices.method_arguments) if kspace is not None else None
    if method is not None:
        check_images(method, choices.method)
    shown = echoes if kspace is None else replace(echoes, images=first_echo(kspace))
    given = None if sources.mask is None else read_mask(sources.mask, shown)
    region = None if sources.reference is None else read_mask(sources.reference, shown)
    target.mkdir(parents=True, exist_ok=True)
    folder = Folder(target, echoes.affine, overwrite)

    def first() -> tuple[Tensor, ...]:
        whole = echoes
        if kspace is not None and method is not None:
            phase = None if choices.bipolar else shared_phase(kspace, echoes.echo_times)
            whole = replace(echoes, images=reconstructed(kspace, method, phase))
        return combine(turned(whole) if choices.conjugate else whole, bipolar=choices.bipolar)

    magnitude, phase = folder.stage("echoes", _of_echoes(sources, told, choices), ("magnitude", "phase"), first)
    fit: dict[str, Any] = {"unwrapping": constants(unwrap_echoes), "fit": constants(field_map)}
    fit["mask"] = _stamp(sources.mask) if sources.mask else constants(brain_mask)
    names = ("field", "field_noise", "mask")
    known = folder.stage("field", fit, names, lambda: field_of(magnitude, phase, echoes, given))
    total, noise, mask = known[0], known[1], known[2] > 0.5
    times = echoes.echo_times
    (rate,) = folder.stage("r2star", {}, ("r2star",), lambda: (relaxation_rate(magnitude, times, mask),))
    removal: dict[str, Any] = {"background": choices.background, **constants(REMOVALS[choices.background])}
    removal |= {"radius": choices.radius} if choices.background == "v_sharp" else {}
    local, inner = folder.stage(
        "local_field",
        removal,
        ("local_field", "local_mask"),
        lambda: local_field_of(total, noise, mask, echoes, background=choices.background, radius=choices.radius),
    )
    inner = inner > 0.5
    finding = _of_inversion(sources, choices, inversion)
    strength = choices.regularisation
    (chi,) = folder.stage(
        "chi", finding, ("chi",), lambda: (_chi(local, noise, inner, echoes, inversion, strength, region),)
    )
    right = check_sign(chi, rate, inner, echoes.voxel_size)
    _finish(folder, echoes, {"iron_paramagnetic": right})
    _draw(target, magnitude[0], local, chi, inner, echoes)
    return chi


def _of_echoes(sources: Sources, told: Told, choices: Choices) -> dict[str, Any]:
    """Return what the echoes depend on."""
    solved: dict[str, Any] = {"method": choices.method, "method_arguments": dict(choices.method_arguments)}
    solved["phase_of_all"] = {} if choices.bipolar else {"rounds": PHASE_ROUNDS, **constants(phase_of_all)}
    return {
        "sources": [_stamp(path) for path in sources.measured],
        **asdict(told),
        **({} if sources.kspace is None else solved),
        "conjugate": choices.conjugate,
        "bipolar": choices.bipolar,
        "signal": constants(signal_mask),
        "largest_ramp": RAMP,
        "offset": constants(combined),
    }


def _of_inversion(sources: Sources, choices: Choices, inversion: Inversion | Method) -> dict[str, Any]:
    """Return what the susceptibility depends on besides the local field."""
    found: dict[str, Any] = {"inversion": choices.inversion}
    if isinstance(inversion, Method):
        found["weights"] = fingerprint(inversion)
    else:
        found |= constants(*INVERSIONS[inversion])
        found.pop("threshold", None)  # of a division, which is called the regularisation here
        found |= MEASURED if inversion == "total_variation" else {}
        found["regularisation"] = DEFAULTS[inversion] if choices.regularisation is None else choices.regularisation
    return {**found, "reference": _stamp(sources.reference) if sources.reference else "whole mask"}


def _chi(
    local: Tensor,
    noise: Tensor,
    mask: Region,
    echoes: Echoes,
    inversion: Inversion | Method,
    regularisation: float | None,
    region: Region | None,
) -> Tensor:
    """Return the susceptibility whose mean over a region is zero, over the mask if there is none."""
    chi = invert(local, noise, mask, echoes, inversion=inversion, regularisation=regularisation)
    if region is None:
        return chi
    if not bool((region & mask).any()):
        raise UserError("the reference region lies outside the mask of the brain; give one inside")
    return referenced(chi, mask, region)


def _draw(target: Path, magnitude: Tensor, local: Tensor, chi: Tensor, mask: Region, echoes: Echoes) -> None:
    rows = {"magnitude": (magnitude, 0.0, float(magnitude.max())), "local field": (local, -WINDOW / 3, WINDOW / 3)}
    planes(target / "chi.png", {**rows, "chi": (chi, -WINDOW, WINDOW)}, mask, echoes.voxel_size)


def _finish(folder: Folder, echoes: Echoes, more: Mapping[str, Any]) -> None:
    """Say what all stages had in common."""
    spacing = min(b - a for a, b in zip(echoes.echo_times, echoes.echo_times[1:], strict=False))
    common = {
        "echo_times": echoes.echo_times,
        "field_strength": echoes.field_strength,
        "voxel_size": echoes.voxel_size,
        "b0_direction": echoes.direction,
        "wraps_beyond_ppm": 0.5 / spacing / hertz(echoes.field_strength),
    }
    folder.say({**folder.report(), **common, **more})


def _stamp(path: Path) -> list[Any]:
    """Return what tells a file from another that came in its place."""
    about = path.stat()
    return [str(path.resolve()), about.st_size, about.st_mtime_ns]
