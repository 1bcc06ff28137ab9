"""The echoes of MRD's raw data: its contrasts, with echo times, field strength and directions of its header.

The header's echo times are milliseconds. B0 lies along the patient's axis from the feet to the head.

| ISMRM Raw data format: A proposed standard for MRI raw datasets (Inati et al., 2017)
| https://doi.org/10.1002/mrm.26089
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dealias.errors import UserError
from dealias.files.decouple import SECOND, centred_inverse
from dealias.files.formats.nifti import affine
from dealias.files.mrd.grid import COUNTERS
from dealias.files.mrd.patient_position import header_of_readouts
from dealias.files.mrd.raw_scan import RawScan, raw_scan
from dealias.files.wanted import Wanted
from dealias.header import Header
from dealias.operators.dipole import checked_direction
from dealias.susceptibility.echoes import READOUT, Echoes, Told
from dealias.susceptibility.units import checked_strength, checked_times
from dealias.susceptibility.volumes import affine_of, geometry

CONTRAST = "contrast"


def read_raw_data(path: Path, told: Told) -> tuple[Tensor, Echoes]:
    """Return centred k-space (echo, coil, z, y, x) of a file, and its echoes without their images yet.

    Slices that were excited one by one become a volume of k-space, too.

    Raises:
        UserError: where it holds no volume of several contrasts, or does not say what the physics needs.
    """
    raw = raw_scan(path, Wanted())
    kspace = _volumes(raw)
    times = told.echo_times if told.echo_times is not None else raw.encoding.echo_times
    strength = told.field_strength if told.field_strength is not None else raw.encoding.field_strength
    if len(times) != len(kspace):
        raise UserError(f"there are {len(times)} echo times and {len(kspace)} contrasts; give --echo_times in seconds")
    if strength is None:
        raise UserError("its header does not say the field strength; give --field_strength in tesla")
    header = _header(raw, kspace.shape[-3])
    if header.voxel_size is None:
        raise UserError("its header does not say the field of view; convert the scan again")
    shape = kspace.shape[-3:]
    place = affine(header, (shape[1], shape[2]))
    if place is None and told.direction is None:
        raise UserError("its readouts have no directions, so B0's is unknown; give --b0_direction along z, y, x")
    place = affine_of(shape, header.voxel_size, checked_direction(told.direction or ())) if place is None else place
    voxel_size, direction = geometry(place)
    if told.direction is not None:
        direction = checked_direction(told.direction)
    empty = torch.empty(0, dtype=torch.complex64)
    checked = checked_times(times), checked_strength(strength)
    return kspace, Echoes(empty, *checked, voxel_size, direction, place, READOUT)


def _volumes(raw: RawScan) -> Tensor:
    """Return k-space (echo, coil, z, y, x) without the oversampling of its readout."""
    for name in COUNTERS:
        count = len(np.unique(raw.heads["idx"][name]))
        if name not in (CONTRAST, "slice") and count > 1:
            raise UserError(f"holds {count} of the counter '{name}'; susceptibility needs one, with its contrasts")
    kspace = raw.grid.kspace if raw.grid.kspace.ndim == 6 else raw.grid.kspace[:, None]
    slices, planes = len(kspace), kspace.shape[-1]  # (slice, contrast, coil, x, y, z)
    if slices > 1 and planes > 1:
        raise UserError(f"holds {slices} volumes; convert them one by one")
    if max(slices, planes) < 2:
        raise UserError("holds one slice; susceptibility needs a volume")
    if slices > 1:
        kspace = _transformed(np.moveaxis(kspace, 0, -1)[..., 0, :], -1)[None]
    shown, size = raw.encoding.shown[0], kspace.shape[-3]
    if shown < size:
        image = centred_inverse(kspace, -3)[..., size // 2 - shown // 2 :, :, :][..., :shown, :, :]
        kspace = _transformed(image, -3)
    return torch.from_numpy(np.ascontiguousarray(np.swapaxes(kspace[0], -1, -3)))


def _transformed(image: NDArray[np.complex64], axis: int) -> NDArray[np.complex64]:
    """Return the centred, unitary transform along one axis, in single precision."""
    return centred_inverse(image.conj(), axis).conj()


def _header(raw: RawScan, planes: int) -> Header:
    """Return voxel size, directions and position along (z, y, x)."""
    numbers, first = np.unique(raw.heads["idx"]["slice"], return_index=True)
    middle = None if len(numbers) > 1 else -(planes // 2)
    found = header_of_readouts(raw.encoding, raw.heads[first], SECOND, middle)
    sizes, directions = found.voxel_size, found.directions  # along z, x, y
    if sizes is not None:
        sizes = (sizes[0], sizes[2], sizes[1])
    if directions is not None:
        directions = (directions[0], directions[2], directions[1])
    return replace(found, voxel_size=sizes, directions=directions)
