"""Volumes in files: NIfTI (x, y, z, echo) there, (echo, z, y, x) here, and how they lie in the magnet.

    b = R^T (0, 0, 1),  the columns of R the unit vectors of the affine: B0 lies along the bore, z of the scanner

| https://nifti.nimh.nih.gov/nifti-1
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dealias.errors import UserError
from dealias.files.atomic import atomic

Affine = NDArray[np.float64]
SHEAR = 0.01  # the largest cosine between two axes


def read_volume(path: Path) -> tuple[Tensor, Affine | None]:
    """Return a file's real numbers ([echo,] z, y, x), scaled as it says, and its affine; None where it has none.

    Raises:
        UserError: where it holds no volume.
    """
    nibabel = _nibabel()
    if not path.is_file():
        raise UserError(f"{path}: there is no such file")
    try:
        image = nibabel.load(path)
        values = np.asarray(image.dataobj)
        told = int(image.header["sform_code"]) > 0 or int(image.header["qform_code"]) > 0
    except Exception as error:  # nibabel's reader follows what a damaged file says wherever it leads
        raise UserError(f"{path}: is no NIfTI, or a damaged one ({type(error).__name__})") from error
    if values.ndim < 3 or values.ndim > 4 or min(values.shape[:3]) < 2 or values.dtype.kind not in "fiub":
        kind = f"{values.dtype} of shape {values.shape}"
        raise UserError(f"{path}: holds {kind}; susceptibility needs volumes (x, y, z) of several slices")
    array = np.ascontiguousarray(values.T, dtype=np.float32)
    if not np.isfinite(array).all():
        raise UserError(f"{path}: holds values that are NaN or infinite; set those to zero")
    return torch.from_numpy(array), np.asarray(image.affine, np.float64) if told else None


def write_volume(path: Path, volume: Tensor, affine: Affine, *, overwrite: bool = False) -> None:
    """Write real numbers ([echo,] z, y, x) in single precision, or a mask in bytes."""
    nibabel = _nibabel()
    kind = np.uint8 if volume.dtype == torch.bool else np.float32
    image = nibabel.Nifti1Image(volume.numpy(force=True).astype(kind).T, affine)
    image.header.set_xyzt_units("mm")
    with atomic(path, overwrite=overwrite) as place:
        nibabel.save(image, place)


def geometry(affine: Affine) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Return the size of a voxel in millimetres and the direction of B0, both along (z, y, x) of the array.

    Raises:
        UserError: where the axes of the volume are not at right angles, or have no length.
    """
    columns = affine[:3, :3]
    lengths = np.linalg.norm(columns, axis=0)
    if not np.isfinite(affine).all() or not (lengths > 0).all():
        raise UserError("the affine is not finite or flat; give NIfTI files with the scanner's affine")
    units = columns / lengths
    cosine = float(np.abs(units.T @ units - np.eye(3)).max())
    if cosine > SHEAR:
        raise UserError(f"the affine is sheared: axes meet at a cosine of {cosine:.2g}; resample to right angles")
    z, y, x = (float(d) for d in lengths[::-1])
    b_z, b_y, b_x = (float(b) for b in units[2, ::-1])
    return (z, y, x), (b_z, b_y, b_x)


def affine_of(shape: Sequence[int], voxel_size: Sequence[float], direction: Sequence[float]) -> Affine:
    """Return an affine whose `geometry` is this, its origin the voxel at half the shape (z, y, x)."""
    third = np.asarray(direction, np.float64)[::-1] / np.linalg.norm(direction)
    start = np.eye(3)[int(np.argmin(np.abs(third)))]
    first = np.cross(third, start)
    first /= np.linalg.norm(first)
    rows = np.stack([first, np.cross(third, first), third])
    if abs(third[2]) == 1:  # straight along the bore: no turn about it
        rows = np.diag([1.0, 1.0, third[2]])
    steps = rows * np.asarray(voxel_size)[::-1]
    affine = np.eye(4)
    affine[:3, :3] = steps
    affine[:3, 3] = -steps @ (np.asarray(shape)[::-1] // 2)
    return affine


def _nibabel() -> Any:
    try:
        import nibabel
    except ImportError:
        raise UserError("NIfTI needs nibabel; pip install -e '.[files]' in the clone") from None
    return nibabel
