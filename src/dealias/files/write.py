"""From an image or an acquisition to a file; what it becomes, the extension says."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from os import PathLike
from os.path import isdir
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from dealias.acquisition import Acquisition
from dealias.errors import UserError, suggest
from dealias.files.atomic import atomic
from dealias.files.beside import Beside, companions, path_beside
from dealias.files.crop import crop
from dealias.files.recognition import extension_of, formats
from dealias.files.stack import Stack, to_write
from dealias.header import Header
from dealias.shapes import Image


def write(
    path: str | PathLike[str],
    image: Image | Acquisition | Stack[Acquisition],
    header: Header | None = None,
    *,
    overwrite: bool = False,
    phase: bool = False,
    attributes: Mapping[str, Any] | None = None,
    beside: Beside | None = None,
) -> None:
    """Write an image (slice, [time,] y, x), or the k-space of an acquisition, whole or not at all.

    HDF5 and MATLAB's `.mat` hold the magnitude and the complex image, or k-space, mask and maps; `.npy` and
    BART's `.cfl` the complex image or k-space; NIfTI, PNG and, of a film, GIF and MP4 the magnitude. Values stay
    on their scale, in single precision.

    Arguments:
        path: its extension names the format.
        image: on the scale on which it is to be written; k-space also as a stack of parts, which come one by one.
        header: of the acquisition that the image was made of; its matrix crops the image, HDF5 carries it on,
            NIfTI lies where it says.
        overwrite: whether to replace an existing file.
        phase: whether to write the phase in radians as well, where a format holds the magnitude alone: beside
            `a.nii.gz` as `a_phase.nii.gz`.
        attributes: what to say of how it was made, such as {"method": "rim"}; for HDF5, .mat, PNG, GIF and MP4.
        beside: companions of the image by name, `{"uncertainty": half_width}` or with something to say of them
            `{"uncertainty": (half_width, {"coverage": 0.9})}`; of its shape, cropped as it is. HDF5 and .mat hold
            them, and numbers per slice, which others leave out; else they are files such as
            `a_uncertainty.nii.gz` beside `a.nii.gz`, in PNG, GIF and MP4 with a scale of their own.

    Raises:
        UserError: for an extension, a companion or an existing file that cannot be, or a disk that refuses.
    """
    path, notes = Path(path), dict(attributes or {})
    module = _writer(path)
    if isinstance(image, Acquisition | Stack):
        if beside:
            raise UserError(f"{path}: nothing lies beside k-space; write {', '.join(beside)} with the image of it")
        _write_scans(path, image, header, overwrite, notes)
        return
    header, whole = header or Header(), torch.as_tensor(image)
    image = crop(whole, header.matrix)
    if image.ndim < 2 or 0 in image.shape:
        raise UserError(f"{path}: an image has axes (..., y, x), this one {tuple(image.shape)}; check it")
    if not bool(torch.isfinite(whole).all()):
        raise UserError(f"{path}: the image holds values that are NaN or infinite, which no file is to pass on")
    wanted = {"phase": whole.angle()} if phase and getattr(module, "magnitude_only", False) else {}
    with _path_first(path):
        others = companions({**wanted, **(beside or {})}, whole.shape, header.matrix, notes.keys())
    check(path, image.shape)
    contents: dict[Path, tuple[Any, ...]] = {path: (image, header, notes)}
    if getattr(module, "names_arrays", False):
        contents[path] += (others,)
    else:
        pixels = {path_beside(path, name): other for name, other in others.items() if other.pixels}
        contents |= {name: (other.values, header, {**notes, **other.attributes}) for name, other in pixels.items()}
    _write(contents, module, overwrite)


def _write_scans(
    path: Path, scans: Acquisition | Stack[Acquisition], header: Header | None, overwrite: bool, notes: dict[str, Any]
) -> None:
    module = _writer(path)
    if not hasattr(module, "read"):
        raise UserError(f"{path}: {module.title} holds no k-space; reconstruct it first, or write .h5 or .npy")
    if isinstance(scans, Acquisition):
        scans = Stack.one(scans)
    if header is not None:
        scans = scans.map(partial(replace, header=header))
    with to_write(scans) as parts:
        contents: tuple[Any, ...] = (parts, Header(), notes)
        _write({path: (*contents, {}) if getattr(module, "names_arrays", False) else contents}, module, overwrite)


def _write(contents: dict[Path, tuple[Any, ...]], module: ModuleType, overwrite: bool) -> None:
    """Write what files of one format are to hold, all of them or none; the first is the one that a user named."""
    path, *_ = contents
    parts = [part for name in contents for part in (module.parts(name) if hasattr(module, "parts") else (name,))]
    with atomic(*parts, overwrite=overwrite) as temporary, _path_first(path):
        prefix = temporary.name.removesuffix(path.name)
        for name, content in contents.items():
            module.write(name.with_name(prefix + name.name), *content)


def check(path: str | PathLike[str], shape: Sequence[int]) -> None:
    """Raise where what the path is to become cannot hold images of this shape: a GIF of one frame."""
    module = _writer(Path(path))
    if hasattr(module, "check"):
        with _path_first(path):
            module.check(shape)


@contextmanager
def _path_first(path: str | PathLike[str]) -> Iterator[None]:
    """Put the path before what a writer complains of."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def _writer(path: Path) -> ModuleType:
    writers = {extension: module for module in formats("extensions") for extension in module.extensions}
    extension = extension_of(path)
    if isdir(path):
        raise UserError(f"{path}: is a folder; name a file in it")
    if extension not in writers:
        raise UserError(f"{path}: no format has the extension '{extension}'{suggest(extension, writers)}")
    return writers[extension]
