"""From files of images, as training reads them, to images at scale one."""

from collections.abc import Iterator
from os import PathLike
from pathlib import Path

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.files.recognition import about, check_exists, recognise


def images(path: str | PathLike[str]) -> list[Tensor]:
    """Return the complex images (y, x) of a file, or of all files below a folder, of largest magnitude 1.

    Arrays, archives, HDF5, MATLAB's, BART's and NIfTI files hold images, HDF5 also fully sampled single-coil
    k-space, PNG grey pictures.
    Files of another kind in a folder are passed over, as are images that are zero everywhere.

    Raises:
        UserError: where a file is damaged or holds no images, or a folder no such file.
    """
    path = Path(path)
    with about(path):
        check_exists(path)
    folder = path.is_dir()
    inside = path.rglob("*") if folder else ()
    files = sorted(file for file in inside if file.is_file() and not file.name.startswith(".")) if folder else [path]
    found = [image for file in files for image in _of_file(file, folder)]
    if not found:
        raise UserError(
            f"{path}: no images found; give .npy, .npz, HDF5, .mat, .cfl, NIfTI or PNG files that hold some"
        )
    return found


def _of_file(path: Path, in_folder: bool) -> Iterator[Tensor]:
    with about(path):
        module = None if in_folder and not path.stat().st_size else recognise(path)
        if module is None or not hasattr(module, "images"):
            if in_folder:
                return
            raise UserError("is no file of images; give .npy, .npz, HDF5, .mat, .cfl, NIfTI or PNG")
        stack: Tensor = module.images(path)
        if not torch.isfinite(stack).all():
            raise UserError("holds NaN or infinite values; mend the file or leave it out")
    for image in stack.reshape(-1, *stack.shape[-2:]):
        size = image.abs().max()
        if size > 0:
            yield image / size
