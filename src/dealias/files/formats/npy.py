"""NumPy's own files: `.npy` and `.npz` in, `.npy` out. Nothing in them is ever unpickled.

K-space is centred, (..., coil, y, x); (y, x) is one coil. An archive names it `kspace`, or holds one complex
array only; `mask`, `maps` and `noise_std` may lie beside it.
"""

import math
import struct
import sys
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.files.axes import Layout
from dealias.files.axes_guess import recognised
from dealias.files.recognition import about, check_exists, recognise
from dealias.files.size_limits import check_size
from dealias.files.slice_ranges import extent
from dealias.files.stack import Stack
from dealias.files.stored_kspace import as_kspace
from dealias.files.to_acquisition import Measured, Stored, as_images, choose, native, together
from dealias.files.wanted import Wanted
from dealias.header import Header

title = "NumPy .npy and .npz"
extensions = (".npy",)

VERSIONS, LONGEST = ((1, 0), (2, 0), (3, 0)), 2**16  # of a header, in bytes
NPY, ZIP = b"\x93NUMPY", b"PK\x03\x04"
NO_IMAGES = ("kspace", "mask", "maps", "sens", "traj", "coord")
DAMAGED = (
    ValueError, TypeError, KeyError, OverflowError, RuntimeError, EOFError, SyntaxError, tokenize.TokenError,
    RecursionError, UnicodeError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def knows(start: bytes, path: Path) -> bool:
    """Whether a file begins like an array, or like an archive whose first member is one."""
    name = start[30 : 30 + int.from_bytes(start[26:28], "little")]
    return start.startswith(NPY) or (start.startswith(ZIP) and name.endswith(b".npy"))


def read(path: Path, wanted: Wanted) -> Acquisition:
    """Return the acquisition that an array file holds; options as of `dealias.open`."""
    arrays = _listed(path)
    if "" in arrays and wanted.key is not None:
        raise UserError("holds one array without a name; leave --key out")
    name = "" if "" in arrays else choose(arrays, wanted.key)
    kspace, layout = _laid_out(path, name, wanted)
    mask, maps, noise_std = (_loaded(path, part) if part in arrays else None for part in ("mask", "maps", "noise_std"))
    maps = None if maps is None else layout.maps_wanted(maps, kspace.shape)
    return Measured(kspace[layout.index], mask, maps, noise_std).acquisition(layout, wanted.mask)


def stack(path: Path, wanted: Wanted) -> tuple[range, int]:
    """Return which slices of k-space are wanted, and the bytes of one; of an archive none, and the bytes of all."""
    arrays = _listed(path)
    name = "" if "" in arrays else choose(arrays, wanted.key)
    if name:
        return extent(arrays[name].shape, arrays[name].dtype.itemsize, None, slice(None))
    kspace, layout = _laid_out(path, name, wanted)
    return extent(kspace.shape, kspace.dtype.itemsize, layout.slice_axis, layout.wanted)


def images(path: Path) -> Tensor:
    """Return the images (..., y, x) of an array file: complex, real, or pairs (..., 2) of both parts.

    An archive's `image`, else all its arrays of two axes and more. A `scale` beside them is left aside: it
    is a number per image, and each image is brought to scale one anyway.

    Raises:
        UserError: where there are none, or a complex array that looks like k-space.
    """
    arrays = _listed(path)
    names = [n for n in arrays if n in ("", "image", "images")] or [n for n in arrays if n not in NO_IMAGES]
    names = [n for n in names if len(arrays[n].shape) > 1 and arrays[n].dtype.kind in "cfiub"]
    stacks = [as_images(native(_loaded(path, name), name), name or "the array") for name in names]
    if not stacks:
        raise UserError(f"holds no images but {', '.join(arrays) or 'nothing'}; name them 'image'")
    if len({stack.shape[-2:] for stack in stacks}) > 1:
        raise UserError("holds images of several sizes; save one file per size")
    return together(stacks)


def arrays(path: Path) -> dict[str, Tensor]:
    """Return all arrays of a file by name; that of a `.npy` has the name ""."""
    return {name: torch.from_numpy(native(_loaded(path, name), name or "the array")) for name in _listed(path)}


def tensor(path: str | PathLike[str]) -> Tensor:
    """Return the array of a `.npy`, or the only one of an archive, such as coil maps.

    Raises:
        UserError: where the file is no array file, is damaged, or holds several arrays.
    """
    path = Path(path)
    with about(path):
        check_exists(path)
        if recognise(path) is not sys.modules[__name__]:
            raise UserError("is no array file; give a .npy or .npz")
        arrays = _listed(path)
        if len(arrays) != 1:
            raise UserError(f"holds the arrays {', '.join(arrays) or 'none'}; give a file with one")
        (name,) = arrays
        return torch.from_numpy(native(_loaded(path, name), name or "the array"))


@contextmanager
def maps(path: Path) -> Iterator[NDArray[Any]]:
    """Give the coil maps of an array file: of an archive its `maps` or `sens`, else its only array."""
    arrays = _listed(path)
    names = [name for name in arrays if name in ("maps", "sens")] or [*arrays]
    if len(names) != 1:
        raise UserError(f"holds the arrays {', '.join(arrays) or 'none'}; call the coil maps 'maps'")
    yield _loaded(path, names[0])


def write(path: Path, value: Tensor | Stack[Acquisition], header: Header, attributes: dict[str, Any]) -> None:
    """Write an image (..., y, x), or the centred k-space of a scan, in single precision."""
    parts = value.map(lambda scan: scan.centred_kspace) if isinstance(value, Stack) else Stack.one(value)
    _save(path, parts)


def write_maps(path: Path, maps: Stack[Tensor], attributes: dict[str, Any]) -> None:
    """Write coil maps (..., coil, y, x) as complex64."""
    _save(path, maps.map(lambda part: part.to(torch.complex64)))


def _save(path: Path, parts: Stack[Tensor]) -> None:
    with path.open("wb") as file:
        for part in parts:
            kind = torch.complex64 if part.is_complex() else torch.float32
            array = np.ascontiguousarray(part.to(kind).numpy(force=True))
            if not file.tell():
                header = np.lib.format.header_data_from_array_1_0(array) | {"shape": parts.shape(array.shape)}
                np.lib.format.write_array_header_1_0(file, header)
            file.write(array.reshape(-1).view(np.uint8).data)


def _laid_out(path: Path, name: str, wanted: Wanted) -> tuple[Any, Layout]:
    """Return an array as k-space, and what its axes are."""
    kspace, told = as_kspace(_loaded(path, name), wanted.axes is not None, sure=bool(name))
    axes = wanted.axes or told or recognised(kspace, _usual_axes(kspace.ndim))
    return kspace, Layout.of(kspace.shape, axes, wanted.slices)


def _usual_axes(count: int) -> tuple[str, ...]:
    usual = ("slice", *("batch",) * (count - 4), "coil", "y", "x")
    return usual[-count:] if 2 < count else ("y", "x")


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        raise UserError("is damaged or truncated; copy it or write it again with numpy.save") from error


def _listed(path: Path) -> dict[str, Stored]:
    """Return what an archive says of its arrays by name; the array of a `.npy` has the name ""."""
    with _reading(), path.open("rb") as file:
        if file.read(len(ZIP)) != ZIP:
            file.seek(0)
            return {"": _described(file)}
        found = {}
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                if member.filename.endswith(".npy"):
                    with _member(archive, member) as content:
                        found[member.filename.removesuffix(".npy")] = _described(content)
        return found


def _described(file: Any) -> Stored:
    version = np.lib.format.read_magic(file)
    if version not in VERSIONS or (version > (1, 0) and int.from_bytes(file.read(4), "little") > LONGEST):
        raise ValueError("a header of no known kind, or without end")
    if version > (1, 0):
        file.seek(-4, 1)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(file)
    if min(shape, default=0) < 0:
        raise ValueError("negative sizes")
    return Stored(shape, dtype)


def _loaded(path: Path, name: str) -> NDArray[Any]:
    """Return an array of an archive by name, or that of a `.npy`, whose numbers are read where they are used."""
    with _reading(), path.open("rb") as file:
        if not name:
            stored = _described(file)
            _check_numbers(stored, "the array")
            return np.load(path, mmap_mode="r" if 0 not in stored.shape else None, allow_pickle=False)
        with zipfile.ZipFile(file) as archive:
            member = archive.getinfo(f"{name}.npy")
            with _member(archive, member) as content:
                stored = _described(content)
            _check_numbers(stored, name)
            size = math.prod(stored.shape) * stored.dtype.itemsize
            if size > member.file_size:
                raise ValueError("more numbers than the member has bytes")
            check_size(size, path.stat().st_size, f"'{name}'")
            with _member(archive, member) as content:
                array: NDArray[Any] = np.lib.format.read_array(content, allow_pickle=False)
                return array


def _check_numbers(stored: Stored, name: str) -> None:
    if stored.dtype.hasobject:
        raise UserError(f"{name} holds pickled Python objects, which could run code; save numbers")


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Any:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UserError(f"'{member.filename}' is compressed in a way that NumPy never writes; save it with numpy.savez")
    return archive.open(member)
