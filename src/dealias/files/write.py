"""From an image or an acquisition to a file; what it becomes, the extension says."""

from collections.abc import Mapping, Sequence
from os import PathLike
from os.path import isdir
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.errors import UserError, suggest
from dealias.files.atomic import atomic
from dealias.files.crop import crop
from dealias.files.recognition import extension_of, formats
from dealias.header import Header
from dealias.shapes import Image


def write(
    path: str | PathLike[str],
    image: Image | Acquisition,
    header: Header | None = None,
    *,
    overwrite: bool = False,
    phase: bool = False,
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Write an image (slice, [time,] y, x), or the k-space of an acquisition, whole or not at all.

    HDF5 and MATLAB's `.mat` hold the magnitude and the complex image, or k-space, mask and maps; `.npy` and
    BART's `.cfl` the complex image or k-space; NIfTI, PNG and, of a film, GIF and MP4 the magnitude. Values stay
    on their scale, in single precision.

    Arguments:
        path: its extension names the format.
        image: on the scale on which it is to be written.
        header: of the acquisition that the image was made of; its matrix crops the image, HDF5 carries it on,
            NIfTI lies where it says.
        overwrite: whether to replace an existing file.
        phase: whether to write the phase in radians as well, where a format holds the magnitude alone: beside
            `a.nii.gz` as `a_phase.nii.gz`.
        attributes: what to say of how it was made, such as {"method": "rim"}; for HDF5, .mat, PNG, GIF and MP4.

    Raises:
        UserError: for an unknown extension, an existing file without `overwrite`, or a disk that refuses.
    """
    path = Path(path)
    module = _writer(path)
    if isinstance(image, Acquisition):
        if not hasattr(module, "read"):
            raise UserError(f"{path}: {module.title} holds no k-space; reconstruct it first, or write .h5 or .npy")
        header = header or image.header
    else:
        header = header or Header()
        image = crop(torch.as_tensor(image), header.matrix)
        if image.ndim < 2 or 0 in image.shape:
            raise UserError(f"{path}: an image has axes (..., y, x), this one {tuple(image.shape)}; check it")
        check(path, image.shape)
    values = {path: image}
    if phase and isinstance(image, Tensor) and getattr(module, "magnitude_only", False):
        values[phase_path(path)] = image.angle()
    parts = [part for name in values for part in (module.parts(name) if hasattr(module, "parts") else (name,))]
    with atomic(*parts, overwrite=overwrite) as temporary:
        prefix = temporary.name.removesuffix(path.name)
        try:
            for name, value in values.items():
                module.write(name.with_name(prefix + name.name), value, header, dict(attributes or {}))
        except UserError as error:
            raise UserError(f"{path}: {error}") from error


def check(path: str | PathLike[str], shape: Sequence[int]) -> None:
    """Raise where what the path is to become cannot hold images of this shape: a GIF of one frame."""
    module = _writer(Path(path))
    if hasattr(module, "check"):
        try:
            module.check(shape)
        except UserError as error:
            raise UserError(f"{path}: {error}") from error


def phase_path(path: Path) -> Path:
    """Return where the phase of an image goes whose file holds the magnitude."""
    extension = extension_of(path)
    return path.with_name(f"{path.name[: len(path.name) - len(extension)]}_phase{extension}")


def _writer(path: Path) -> ModuleType:
    writers = {extension: module for module in formats("extensions") for extension in module.extensions}
    extension = extension_of(path)
    if isdir(path):
        raise UserError(f"{path}: is a folder; name a file in it")
    if extension not in writers:
        raise UserError(f"{path}: no format has the extension '{extension}'{suggest(extension, writers)}")
    return writers[extension]
