"""Coil maps as files: HDF5 with a dataset `maps`, `.npy`, BART's `.cfl`, MATLAB's `.mat`; those of others, too."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dealias.errors import UserError, suggest
from dealias.files.atomic import atomic
from dealias.files.recognition import about, check_exists, extension_of, formats, recognise
from dealias.files.stack import Stack, to_write
from dealias.files.to_acquisition import native
from dealias.kind import kind_of
from dealias.root_sum_of_squares import root_sum_of_squares
from dealias.shapes import Maps


def read_maps(path: str | PathLike[str], slices: slice | None = None) -> Tensor:
    """Return the coil maps (coil, y, x) or with more axes that a file holds, told by its content.

    Arguments:
        slices: which are wanted of maps that differ from slice to slice; None is all.

    Raises:
        UserError: where the file is missing or damaged, or holds none but, say, k-space.
    """
    with _stored(Path(path)) as stored:
        wanted = stored[slices] if slices is not None and len(stored.shape) > 3 else stored[()]
        maps = torch.from_numpy(native(wanted, "the maps"))
        if slices is None and not maps.any():
            raise UserError("holds maps that are zero everywhere; estimate them again: dealias maps")
        if maps.ndim > 2 and not _unit(maps) and kind_of(maps, clear=0) == "k-space":
            raise UserError("holds no coil maps but what looks like k-space; make maps of it: dealias maps")
        return maps


def shape_of_maps(path: str | PathLike[str]) -> tuple[int, ...]:
    """Return the shape of the coil maps that a file holds, without reading them.

    Raises:
        UserError: where the file is missing or damaged, or holds none.
    """
    with _stored(Path(path)) as stored:
        return tuple(stored.shape)


@contextmanager
def _stored(path: Path) -> Iterator[Any]:
    with about(path):
        path = check_exists(path)
        if path.is_dir():
            raise UserError("is a folder; give one file of maps")
        module = recognise(path)
        if module is None or not hasattr(module, "maps"):
            raise UserError("holds no coil maps; give a .npy, an HDF5 file with a dataset 'maps', or BART's .cfl")
        with module.maps(path) as stored:
            yield stored


def write_maps(
    path: str | PathLike[str],
    maps: Maps | Stack[Maps],
    *,
    overwrite: bool = False,
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Write coil maps ([slice,] [time,] coil, y, x) as complex64, whole or not at all.

    Arguments:
        maps: also as a stack of parts, which come one by one.
        attributes: what HDF5 and .mat are to say of how they were made.

    Raises:
        UserError: for another extension, an existing file without `overwrite`, or a disk that refuses.
    """
    path = Path(path)
    modules = [module for module in formats("extensions") if hasattr(module, "write_maps")]
    writers = {kind: module for module in modules for kind in module.extensions}
    kind = extension_of(path)
    if kind not in writers:
        raise UserError(f"{path}: maps cannot be of the kind '{kind}'{suggest(kind, writers)}; write .npy or .h5")
    module = writers[kind]
    files = module.parts(path) if hasattr(module, "parts") else (path,)
    stack = maps if isinstance(maps, Stack) else Stack.one(maps)
    with to_write(stack) as parts, atomic(*files, overwrite=overwrite) as temporary:
        module.write_maps(temporary, parts, dict(attributes or {}))


def _unit(maps: Tensor) -> bool:
    """Whether the root sum of squares over the coils is one, where it is not zero."""
    size = root_sum_of_squares(maps, -3)
    return bool(((size - 1).abs() < 0.05)[size > 0].all())
