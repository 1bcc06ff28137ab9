"""The echoes of a k-space file: MRD's raw data (`raw_data.py`), or HDF5 with `kspace` (echo, coil, z, y, x).

    S = F^-1 k-space  where all was sampled; else along x, and each position along it is an image of (z, y) to solve

| Advances in sensitivity encoding with arbitrary k-space trajectories (Pruessmann et al., 2001)
| https://doi.org/10.1002/mrm.1241

The readout x is fully sampled. What the physics needs are attributes of HDF5, of the array or of the file: `axes` =
"echo coil z y x" (or without coil), `echo_times` in seconds, `field_strength` in tesla, `voxel_size` in millimetres
and `b0_direction`, both along z, y, x.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.centring_check import check_centred
from dealias.coils import espirit
from dealias.driver import reconstruct
from dealias.errors import UserError
from dealias.files.formats import cfl, mrd, nifti, npy, png
from dealias.files.hdf5 import opened, text_of
from dealias.files.recognition import about, check_exists, recognise
from dealias.method import Method
from dealias.operators.dipole import checked_direction, checked_lengths
from dealias.susceptibility.echoes import READOUT, Echoes, Told
from dealias.susceptibility.phase_of_all import phase_of_all
from dealias.susceptibility.raw_data import read_raw_data
from dealias.susceptibility.units import checked_strength, checked_times
from dealias.susceptibility.volumes import affine_of

AXES = (-3, -2, -1)
PHASE_ROUNDS = 2
SHIFT = ("numpy.fft.fftshift(kspace, axes=(-3, -2, -1))",) * 3
WITH_COILS, ONE_COIL = "echo coil z y x", "echo z y x"


def read_scan(path: Path, told: Told) -> tuple[Tensor, Echoes]:
    """Return centred k-space (echo, coil, z, y, x) of a file, and its echoes without their images yet.

    Raises:
        UserError: where the file does not say what the physics needs.
    """
    with about(path):
        kind = recognise(check_exists(path))
        if kind is nifti:
            raise UserError("is NIfTI, no k-space; name it with --magnitude or --phase")
        if kind is mrd:
            return read_raw_data(path, told)
        if kind in (cfl, npy, png):
            raise UserError(f"is {kind.title}, and k-space of echoes is read from HDF5 and ISMRMRD; write it so")
    with about(path), opened(path) as file:
        if "kspace" not in file:
            raise UserError(f"holds no 'kspace', only {', '.join(file.keys()) or 'nothing'}; name it so")
        said, values = {**file.attrs, **file["kspace"].attrs}, file["kspace"][()]
        if np.asarray(values).dtype.kind not in "fc":
            raise UserError(f"holds a 'kspace' of {np.asarray(values).dtype}; write complex numbers")
        kspace = torch.from_numpy(values.astype(np.complex64))
    with about(path):
        axes = text_of(said.get("axes", WITH_COILS if kspace.ndim == 5 else ONE_COIL))
        if axes not in (WITH_COILS, ONE_COIL) or kspace.ndim != len(axes.split()):
            raise UserError(f"k-space of {kspace.ndim} axes named '{axes}' is no scan; give '{WITH_COILS}'")
        kspace = kspace if axes == WITH_COILS else kspace[:, None]
        _check(kspace)
        times = _numbers(told.echo_times, said, "echo_times", "in seconds")
        strength = _numbers(told.field_strength, said, "field_strength", "in tesla")[0]
        voxel_size = checked_lengths(_numbers(None, said, "voxel_size", "in millimetres along z, y, x"))
        direction = checked_direction(_numbers(told.direction, said, "b0_direction", "along z, y, x"))
        if len(times) != len(kspace):
            raise UserError(f"there are {len(times)} echo_times and {len(kspace)} echoes; give one for each")
        affine = affine_of(kspace.shape[-3:], voxel_size, direction)
        empty = torch.empty(0, dtype=torch.complex64)
        checked = checked_times(times), checked_strength(strength)
        return kspace, Echoes(empty, *checked, voxel_size, direction, affine, READOUT)


def _check(kspace: Tensor) -> None:
    """Raise where k-space (echo, coil, z, y, x) is no centred volume of numbers."""
    if min(kspace.shape[-3:]) < 2:
        raise UserError(f"k-space is of shape {tuple(kspace.shape)}; susceptibility needs a volume, no slice")
    if not bool(torch.isfinite(torch.view_as_real(kspace)).all()):
        raise UserError("k-space holds values that are NaN or infinite; write zero where nothing was sampled")
    if not bool(kspace.any()):
        raise UserError("k-space is zero everywhere; export it again")
    for volume in (kspace[0], kspace[0].transpose(-1, -3)):  # rows and columns y x, then y z
        check_centred(volume, SHIFT)


def reconstructed(kspace: Tensor, method: Method | str, phase: Tensor | None = None) -> Tensor:
    """Return images (echo, coil, z, y, x): of every coil where all was sampled, else of all coils together.

    Arguments:
        kspace: centred, (echo, coil, z, y, x), zero where nothing was sampled.
        method: solves each position along x as an image (z, y).
        phase: factors (echo, 1, z, y, x) that the images are expected to have, of `shared_phase`; None is 1.
    """
    sampled = _sampled(kspace)
    if bool(sampled.all()):
        return _inverse(kspace, AXES)
    lines = _inverse(kspace, (-1,)).movedim(-1, 1)  # (echo, x, coil, z, y)
    mask = sampled[:, None, None]
    maps = _maps(lines[:1], mask[:1]) if kspace.shape[1] > 1 else None
    if phase is not None:
        maps = phase.movedim(-1, 1) if maps is None else maps * phase.movedim(-1, 1)
    acquisition = Acquisition.centred(lines * mask, mask, maps)
    images = reconstruct(method, acquisition, maps=maps if maps is None else "auto").movedim(1, -1)[:, None]
    return images if phase is None else images * phase


def first_echo(kspace: Tensor) -> Tensor:
    """Return what the first echo shows (1, coil, z, y, x) with zeros where nothing was sampled."""
    return _inverse(kspace[:1], AXES)


def shared_phase(kspace: Tensor, echo_times: Sequence[float]) -> Tensor | None:
    """Return the phase factors (echo, 1, z, y, x) that all echoes have together, for `reconstructed`.

    None where all was sampled, or where fewer than three echoes cannot help each other.

    Arguments:
        kspace: centred, (echo, coil, z, y, x), zero where nothing was sampled; not of a bipolar readout, whose phase
            does not grow evenly.
        echo_times: seconds.
    """
    if len(echo_times) < 3 or bool(_sampled(kspace).all()):
        return None
    phase = None
    for _ in range(PHASE_ROUNDS):
        phase = phase_of_all(reconstructed(kspace, "total_variation", phase), echo_times)
    return phase


def _sampled(kspace: Tensor) -> Tensor:
    """Return where (echo, z, y) a whole readout was sampled."""
    return (kspace != 0).any(-1).any(1)


def _maps(lines: Tensor, mask: Tensor) -> Tensor:
    """Return maps (1, x, coil, z, y) whose phase is that against one mixture of coils at all positions along x.

    Each position by itself would choose a mixture of its own, and the phase would jump from one to the next.
    """
    maps = espirit(Acquisition.centred(lines * mask, mask), crop=0)
    samples = lines.movedim(2, 0).flatten(1)
    mixture = torch.linalg.eigh(samples @ samples.mH)[1][:, -1]
    seen = torch.einsum("c,...czy->...zy", mixture.conj(), maps).unsqueeze(-3)
    size = seen.abs()
    return maps * torch.where(size > 0, seen.conj() / torch.where(size > 0, size, 1), 1)


def _inverse(kspace: Tensor, axes: Sequence[int]) -> Tensor:
    """Return what centred k-space shows along some axes, centred."""
    inside = torch.fft.ifftn(torch.fft.ifftshift(kspace, dim=axes), dim=axes, norm="ortho")
    return torch.fft.fftshift(inside, dim=axes)


def _numbers(given: Any, said: dict[str, Any], name: str, unit: str) -> list[float]:
    """Return what the user said, else the file's attribute."""
    value = said.get(name) if given is None else given
    if value is None:
        raise UserError(f"has no attribute '{name}'; write it {unit}")
    try:
        numbers = [float(v) for v in np.ravel(value)]
    except (TypeError, ValueError):
        numbers = []
    if not numbers:
        raise UserError(f"has the attribute '{name}' = {value}, which are no numbers; write it {unit}")
    return numbers
