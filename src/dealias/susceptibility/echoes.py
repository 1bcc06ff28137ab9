"""The echoes of a gradient-echo scan, checked at the door: from magnitudes and phases in NIfTI, with BIDS sidecars.

    S_n = magnitude_n exp(i phase_n),  phase in radians

| The brain imaging data structure, a format for organizing and describing outputs of neuroimaging experiments
| (Gorgolewski et al., 2016): EchoTime in seconds, MagneticFieldStrength in tesla
| https://doi.org/10.1038/sdata.2016.44
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.operators.dipole import checked_direction
from dealias.susceptibility.units import checked_strength, checked_times
from dealias.susceptibility.volumes import Affine, geometry, read_volume

Vector = tuple[float, float, float]
READOUT = (2,)  # of z, y, x, in k-space
STRENGTH, TIME = "MagneticFieldStrength", "EchoTime"
TURNS = (360, 4096, 6283, 8192)  # degrees, integers of scanners, thousandths of a radian
TOLERANCE = 0.02  # by which phases may pass pi


@dataclass(frozen=True)
class Echoes:
    """Complex echoes, and all that the physics needs to know.

    Arguments:
        images: complex (echo, coil, z, y, x); phase grows with time where the field is stronger.
        echo_times: seconds.
        field_strength: tesla.
        voxel_size: millimetres along (z, y, x).
        direction: the unit vector of B0 along (z, y, x).
        affine: from (x, y, z) to the scanner's millimetres, for files.
        readout: the axes of (z, y, x) along which the readout may have gone; k-space says which, images do not.
    """

    images: Tensor
    echo_times: tuple[float, ...]
    field_strength: float
    voxel_size: Vector
    direction: Vector
    affine: Affine
    readout: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True)
class Told:
    """What the user says of a scan; None is what the files say.

    Arguments:
        echo_times: seconds.
        field_strength: tesla.
        direction: of B0 along (z, y, x) of the array.
        full_turn: what the phase counts a whole turn as; None is 2 pi.
    """

    echo_times: Sequence[float] | None = None
    field_strength: float | None = None
    direction: Sequence[float] | None = None
    full_turn: float | None = None


def read_echoes(magnitude: Sequence[Path], phase: Sequence[Path], told: Told) -> Echoes:
    """Return the echoes of NIfTI files: one with all echoes (x, y, z, echo), or one for each.

    Raises:
        UserError: where files do not belong together, or do not say what the physics needs.
    """
    sizes, affine = _stack(magnitude, "magnitude")
    phases, other = _stack(phase, "phase")
    if affine is not None and other is not None and not np.allclose(affine, other, atol=0.01):
        raise UserError(f"{phase[0]}: lies elsewhere than {magnitude[0]}; give both from one scan")
    if sizes.shape != phases.shape:
        raise UserError(f"magnitude is of shape {tuple(sizes.shape)}, phase of {tuple(phases.shape)}; give both alike")
    if float(sizes.min()) < -0.1 * float(sizes.max()):
        raise UserError(f"the magnitude goes down to {float(sizes.min()):g}; exchange --magnitude and --phase?")
    sidecars = [[_sidecar(path) for path in paths] for paths in (phase, magnitude)]
    times, strength = told.echo_times, told.field_strength
    if times is None:
        times = _echo_times(sidecars, len(sizes))
    if len(times) != len(sizes):
        raise UserError(f"{len(times)} echo times were given for {len(sizes)} echoes; give one for each")
    strengths = [said[STRENGTH] for part in sidecars for said in part if STRENGTH in said]
    if strength is None and strengths:
        strength = _numbers(strengths[0], STRENGTH)[0]
    if strength is None:
        raise UserError("no JSON beside the files says MagneticFieldStrength; give --field_strength in tesla")
    if affine is None:
        raise UserError(f"{magnitude[0]}: has no affine, so B0's direction is unknown; give the converter's own file")
    voxel_size, direction = geometry(affine)
    if told.direction is not None:
        direction = checked_direction(told.direction)
    images = torch.polar(sizes.clamp_min(0), _radians(phases, told.full_turn))[:, None]
    return Echoes(images, checked_times(times), checked_strength(strength), voxel_size, direction, affine)


def read_mask(path: Path, echoes: Echoes) -> Tensor:
    """Return a mask (z, y, x) from a file.

    Raises:
        UserError: where it is empty or does not lie where the echoes do.
    """
    values, affine = read_volume(path)
    shape = tuple(echoes.images.shape[-3:])
    if tuple(values.shape) != shape:
        raise UserError(f"{path}: is of shape {tuple(values.shape)}, the echoes of {shape}; give a mask of that size")
    if affine is not None and not np.allclose(affine, echoes.affine, atol=0.1 * min(echoes.voxel_size)):
        raise UserError(f"{path}: lies elsewhere than the echoes; resample it to their grid")
    mask = values > 0.5
    if not bool(mask.any()):
        raise UserError(f"{path}: is empty; give a mask that holds the brain")
    size = echoes.images[0].abs().amax(0)
    if not float(size[mask].median()) > 0.02 * float(size.max()):
        raise UserError(f"{path}: holds hardly any signal, so it lies elsewhere; give the mask of these echoes")
    return mask


def bids_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the magnitudes and the phases of a BIDS folder, or of its folder `anat`, in the order of their echoes.

    Raises:
        UserError: where it has none, or several scans.
    """
    for place in (folder, folder / "anat"):
        found = [sorted(place.glob(f"*part-{part}*.nii*"), key=_echo) for part in ("mag", "phase")]
        scans = sorted({re.sub(r"_?(echo|part)-[a-z0-9]+", "", path.name) for path in found[0] + found[1]})
        if len(scans) > 1:
            raise UserError(f"{place}: holds several scans, {', '.join(scans)}; give --magnitude and --phase of one")
        if found[0] and found[1]:
            return found[0], found[1]
    raise UserError(f"{folder}: holds no *part-mag*.nii.gz and *part-phase*.nii.gz; give --magnitude and --phase")


def _echo(path: Path) -> tuple[int, str]:
    """Return what sorts a file by its echo, of which the tenth comes after the ninth."""
    number = re.search(r"echo-(\d+)", path.name)
    return int(number[1]) if number else 0, path.name


def _stack(paths: Sequence[Path], kind: str) -> tuple[Tensor, Affine | None]:
    """Return the volumes of all files (echo, z, y, x)."""
    read = [read_volume(path) for path in paths]
    shapes = {tuple(volume.shape[-3:]) for volume, _ in read}
    if len(shapes) > 1:
        raise UserError(f"the {kind} files hold volumes of different sizes {sorted(shapes)}; give echoes of one scan")
    places = [affine for _, affine in read if affine is not None]
    if any(not np.allclose(place, places[0], atol=0.01) for place in places):
        raise UserError(f"the {kind} files lie in different places; give echoes of one scan")
    volumes = torch.cat([volume if volume.ndim == 4 else volume[None] for volume, _ in read])
    if len(volumes) < 2:
        raise UserError(f"{paths[0]}: holds one echo; a field map needs two or more")
    return volumes, read[0][1]


def _sidecar(path: Path) -> dict[str, Any]:
    """Return what the JSON beside a file says; nothing where there is none."""
    beside = path.with_name(path.name.removesuffix(".gz").removesuffix(".nii") + ".json")
    if not beside.is_file():
        return {}
    try:
        said = json.loads(beside.read_text())
    except ValueError as error:
        raise UserError(f"{beside}: is no JSON ({error}); mend it, or move it away") from error
    return said if isinstance(said, dict) else {}


def _echo_times(sidecars: Sequence[Sequence[dict[str, Any]]], count: int) -> Sequence[float]:
    """Return the echo times that sidecars of phases or of magnitudes say: a list in one, or one in each."""
    for part in sidecars:
        said = [_numbers(sidecar[TIME], TIME) for sidecar in part if TIME in sidecar]
        for times in said:
            if len(times) > 1:
                return times
        if len(said) == count:
            return [time for times in said for time in times]
    raise UserError("no JSON beside the files says the EchoTime of every echo; give --echo_times in seconds")


def _numbers(said: Any, name: str) -> list[float]:
    """Return the numbers that a sidecar says of something, one or several."""
    try:
        return [float(value) for value in (said if isinstance(said, list) else [said])]
    except (TypeError, ValueError):
        raise UserError(f"the JSON beside the files says {name} = {said}, which is no number; mend it") from None


def _radians(phase: Tensor, full_turn: float | None) -> Tensor:
    """Return the phase in radians.

    Raises:
        UserError: where it cannot be in the unit that was said.
    """
    if full_turn is not None:
        if not 0 < full_turn < float("inf"):
            raise UserError(f"a full turn of {full_turn:g} is impossible; give 6.2832, 360, 4096 or 8192")
        return phase * (2 * math.pi / full_turn)
    low, high = float(phase.min()), float(phase.max())
    if low < -math.pi * (1 + TOLERANCE) or high > 2 * math.pi * (1 + TOLERANCE):
        span = high - low
        turn = next((turn for turn in TURNS if 0.9 * turn < span < 1.03 * turn), 4096)
        raise UserError(f"the phase goes from {low:g} to {high:g}, no radians; say --full_turn {turn}, if it is that")
    if high - low < math.pi:
        raise UserError(
            f"the phase goes from {low:g} to {high:g}, less than a turn; say --full_turn, or give raw phase"
        )
    return phase
