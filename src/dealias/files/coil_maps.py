"""Coil maps as files: `.npy`, HDF5 with a dataset `maps`; others' too, such as those of `bart ecalib`."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.files import array
from dealias.files.atomic import atomic
from dealias.files.formats import about, check_exists, recognise
from dealias.files.hdf5 import created
from dealias.header import Header
from dealias.shapes import Maps


def read_maps(path: str | PathLike[str]) -> Tensor:
    """Return the coil maps (coil, y, x) or with more axes that a file holds, told by its content.

    Raises:
        UserError: where the file is missing or damaged, or holds none.
    """
    path = Path(path)
    with about(path):
        check_exists(path)
        if path.is_dir():
            raise UserError("is a folder; give one file of maps")
        module = recognise(path)
        if module is None or not hasattr(module, "maps"):
            raise UserError("holds no coil maps; give a .npy, an HDF5 file with a dataset 'maps', or BART's .cfl")
        maps: Tensor = module.maps(path)
        return maps


def write_maps(
    path: str | PathLike[str], maps: Maps, *, overwrite: bool = False, attributes: Mapping[str, Any] | None = None
) -> None:
    """Write coil maps as complex64, whole or not at all: `.npy`, or HDF5 with a dataset `maps`.

    Arguments:
        attributes: what HDF5 is to say of how they were made.

    Raises:
        UserError: for another extension, an existing file without `overwrite`, or a disk that refuses.
    """
    path = Path(path)
    if path.suffix.lower() not in (".npy", ".h5", ".hdf5"):
        raise UserError(f"{path}: maps cannot be of the kind '{path.suffix}'; write .npy or .h5")
    with atomic(path, overwrite=overwrite) as temporary:
        if path.suffix.lower() == ".npy":
            array.write(temporary, maps, Header(), {})
        else:
            _write_hdf5(temporary, maps, attributes or {})


def _write_hdf5(path: Path, maps: Tensor, attributes: Mapping[str, Any]) -> None:
    with created(path) as file:
        file["maps"] = maps.to(torch.complex64).numpy(force=True)
        file.attrs.update(attributes)
