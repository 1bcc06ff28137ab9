"""From echoes to susceptibility, stage by stage: each is written when it is done, and not done again.

    echoes -> field, mask, R2* -> local field -> susceptibility

| Recommended implementation of quantitative susceptibility mapping for clinical research in the brain (QSM Consensus
| Organization Committee, 2024) | https://doi.org/10.1002/mrm.30006
"""

import hashlib
import inspect
import json
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, cast, get_args

import torch
from torch import Tensor

from dealias import __version__
from dealias.driver import reconstruct
from dealias.errors import Note, UserError
from dealias.files.atomic import atomic
from dealias.method import Method
from dealias.operators.dipole import Dipole
from dealias.shapes import EchoVolumes, Region, Volume
from dealias.susceptibility.bipolar import ramp, without_ramp
from dealias.susceptibility.division import ridge_division, thresholded_division
from dealias.susceptibility.echoes import Echoes
from dealias.susceptibility.field import field_map, fit_quality
from dealias.susceptibility.learned import network
from dealias.susceptibility.mask import brain_mask, eroded, signal_mask
from dealias.susceptibility.offset import combined
from dealias.susceptibility.pdf import project_onto_dipole_fields
from dealias.susceptibility.problem import Susceptibility, WeightedDipole, referenced
from dealias.susceptibility.total_variation import total_variation
from dealias.susceptibility.units import radians
from dealias.susceptibility.unwrap import unwrap_echoes
from dealias.susceptibility.v_sharp import v_sharp
from dealias.susceptibility.volumes import Affine, read_volume, write_volume

Background = Literal["v_sharp", "pdf"]
Inversion = Literal["total_variation", "division", "ridge"]
RAMP = 0.5  # radians from end to end, above which even echoes were read backwards
REPORT, UNFINISHED = "qsm.json", "unfinished"
PACKAGES = ("torch", "numpy", "scipy", "nibabel")
REMOVALS: dict[Background, Callable[..., tuple[Volume, Region]]] = {
    "v_sharp": v_sharp,
    "pdf": project_onto_dipole_fields,
}
MEASURED: dict[str, Any] = {"iterations": 30, "rounds": 3, "free_outside": True}  # total variation of a measured field
INVERSIONS: dict[Inversion, tuple[Callable[..., Any], ...]] = {  # what takes part in each
    "total_variation": (total_variation, WeightedDipole),
    "division": (thresholded_division,),
    "ridge": (ridge_division,),
}
# lambda in ppm, lambda, threshold
DEFAULTS: dict[Inversion, float] = {"total_variation": 2e-4, "ridge": 0.01, "division": 0.15}


@dataclass
class Folder:
    """Where stages put their volumes, and what it says of how they were made.

    Arguments:
        path: made where it is missing.
        affine: of the volumes.
        overwrite: whether stages that were made otherwise may be replaced.
    """

    path: Path
    affine: Affine
    overwrite: bool = False
    before: str = ""

    def stage(
        self, name: str, settings: Mapping[str, Any], names: tuple[str, ...], work: Callable[[], tuple[Tensor, ...]]
    ) -> tuple[Tensor, ...]:
        """Return the volumes of a stage: those that are there if they were made likewise, else those of the work.

        What an interrupted run left of a stage is replaced.

        Raises:
            UserError: where others are there, and may not be replaced.
        """
        text = json.dumps([__version__, self.before, settings], sort_keys=True, default=str)
        self.before = hashlib.sha256(text.encode()).hexdigest()[:16]
        files = [self.path / f"{volume}.nii.gz" for volume in names]
        report = self.report()
        there = report["stages"].get(name, {})
        if there.get("fingerprint") == self.before and all(file.is_file() for file in files):
            print(f"dealias: {name}: done before", file=sys.stderr)
            return tuple(read_volume(file)[0] for file in files)
        present = [file for file in files if file.exists()]
        ours = self.overwrite or UNFINISHED in there
        if present and not ours:
            raise UserError(f"{present[0]}: exists already and was made otherwise; --overwrite replaces it")
        start = time.perf_counter()
        volumes = work()
        report["stages"][name] = {**settings, UNFINISHED: True}
        self.say(report)
        for file, volume in zip(files, volumes, strict=True):
            write_volume(file, volume, self.affine, overwrite=ours)
        seconds = round(time.perf_counter() - start, 2)
        about = {"seconds": seconds, "versions": versions(), "fingerprint": self.before}
        report["stages"][name] = {**settings, **about}
        self.say(report)
        print(f"dealias: {name}: {seconds:.1f} s", file=sys.stderr)
        return volumes

    def report(self) -> dict[str, Any]:
        """Return what the folder says of itself."""
        file = self.path / REPORT
        try:
            found = json.loads(file.read_text()) if file.is_file() else {}
        except ValueError:
            found = {}
        found = found if isinstance(found, dict) else {}
        return {"unit": "ppm", "stages": {}, **found}

    def say(self, report: Mapping[str, Any]) -> None:
        """Write what the folder says of itself."""
        with atomic(self.path / REPORT, overwrite=True) as place:
            place.write_text(json.dumps(report, indent=2, default=str) + "\n")


def constants(*functions: Callable[..., Any]) -> dict[str, Any]:
    """Return by name the numbers that functions take where nobody says otherwise, and those of their modules."""
    found: dict[str, Any] = {}
    for function in functions:
        module = vars(sys.modules[function.__module__])
        fixed = {name.lower(): n for name, n in module.items() if name.isupper() and isinstance(n, int | float)}
        arguments = inspect.signature(function).parameters.values()
        found |= fixed | {a.name: a.default for a in arguments if isinstance(a.default, int | float | tuple)}
    return found


def versions() -> dict[str, str]:
    """Return the version of every package that takes part in a map."""
    return {"dealias": __version__, **{name: metadata.version(name) for name in PACKAGES}}


def combine(echoes: Echoes, *, bipolar: bool) -> tuple[EchoVolumes, EchoVolumes]:
    """Return magnitude and phase (echo, z, y, x) of all coils, the phase zero at time zero.

    Raises:
        UserError: where even echoes look as if they were read backwards, and nobody said so.
    """
    images, times = echoes.images, echoes.echo_times
    mask = signal_mask(torch.linalg.vector_norm(images[0], dim=0))
    largest = max(abs(slope) for slope in ramp(images, times, mask, echoes.readout))
    if bipolar:
        images = without_ramp(images, times, mask, echoes.readout)
    elif largest > RAMP:
        raise UserError(f"even echoes have a ramp of {largest:.2g} rad, as of a bipolar readout; --bipolar removes it")
    whole = combined(images, times, mask)
    return whole.abs(), whole.angle()


def field_of(
    magnitude: EchoVolumes, phase: EchoVolumes, echoes: Echoes, mask: Region | None
) -> tuple[Volume, Volume, Region]:
    """Return the field and its noise (z, y, x) in parts per million, and the mask of the brain, found if not given."""
    times, strength = echoes.echo_times, echoes.field_strength
    seen = signal_mask(magnitude[0]) if mask is None else mask
    whole = unwrap_echoes(phase, magnitude, times, seen)
    field, noise = field_map(whole, magnitude, times, strength, seen)
    if mask is None:
        quality = fit_quality(whole, magnitude, field, [radians(strength, t) for t in times])
        mask = brain_mask(magnitude.square().sum(0).sqrt(), quality, echoes.voxel_size)
    return field * mask, torch.where(mask & torch.isfinite(noise), noise, 0), mask


def local_field_of(
    field: Volume, noise: Volume, mask: Region, echoes: Echoes, *, background: Background, radius: float
) -> tuple[Volume, Region]:
    """Return the local field (z, y, x) and where it is known."""
    if background == "v_sharp":
        return v_sharp(field, mask, echoes.voxel_size, radius=radius)
    weight = torch.where(noise > 0, 1 / torch.where(noise > 0, noise, 1), 0)
    sources = Dipole(echoes.voxel_size, echoes.direction, averaged=True)  # their field is smooth inside
    return project_onto_dipole_fields(field, mask, sources, weight=weight)


def invert(
    local: Volume,
    noise: Volume,
    mask: Region,
    echoes: Echoes,
    *,
    inversion: Inversion | Method,
    regularisation: float | None,
) -> Volume:
    """Return the susceptibility (z, y, x) in parts per million, its mean over the mask zero; zero outside.

    Arguments:
        inversion: by name, or a network.
        regularisation: lambda, or the threshold of a division; None is the default of the inversion.
    """
    dipole = Dipole(echoes.voxel_size, echoes.direction)
    known = noise if bool((noise[mask] > 0).any()) else None
    problem = Susceptibility.of(local, mask, known, echoes.voxel_size, echoes.direction)
    if isinstance(inversion, Method):
        return referenced(reconstruct(inversion, problem), mask)
    strength = DEFAULTS[inversion] if regularisation is None else regularisation
    if inversion == "total_variation":
        chi = total_variation(local, dipole, problem.weight, regularisation=strength, **MEASURED)
    elif inversion == "ridge":
        chi = ridge_division(local * mask, dipole, regularisation=strength)
    else:
        chi = thresholded_division(local * mask, dipole, threshold=strength)
    return referenced(chi, mask)


def chosen(inversion: str, regularisation: float | None) -> Inversion | Method:
    """Return an inversion by its name, or a network by that of its weights.

    Raises:
        UserError: where there is none such, or a network is given a lambda.
    """
    for name in get_args(Inversion):
        if inversion == name:
            return cast(Inversion, name)
    if regularisation is not None:
        raise UserError(f"{inversion} is no inversion with a lambda; leave --regularisation out")
    return network(inversion, [*get_args(Inversion)])


def check_sign(chi: Volume, rate: Volume, mask: Region, voxel_size: tuple[float, float, float]) -> bool:
    """Return whether what fades fastest, as iron and veins do, is more paramagnetic than the rest; a Note if not."""
    inner = eroded(mask, 2.5 * max(voxel_size), voxel_size)
    inner = inner if bool(inner.any()) else mask
    fast = inner & (rate >= torch.quantile(rate[inner][:: max(1, int(inner.sum()) // 10**6)], 0.98))
    right = bool(chi[fast].mean() > chi[inner].mean())
    if not right:
        text = "what fades fastest (iron, veins) came out diamagnetic: the phase may count backwards; try --conjugate"
        warnings.warn(Note(text), stacklevel=2)
    return right


def turned(echoes: Echoes) -> Echoes:
    """Return echoes whose phase counts the other way."""
    return replace(echoes, images=echoes.images.conj().resolve_conj())
