"""MATLAB's .mat: version 4 to 7 by SciPy, version 7.3 by HDF5; version 5 out. Objects and cells are left alone.

K-space is centred and has MATLAB's order: rows and columns first, (y, x), (y, x, coil) or (y, x, coil, slice),
or as the text `axes` beside it names them. A file names it `kspace`, or holds one complex array only; `mask`,
`maps` and `noise_std` may lie beside it. The arrays of a struct `scan` are called `scan/kspace` and so on.

Out: `reconstruction` single magnitude and `image` (y, x, [time,] slice), and what lies beside them, likewise, its
attributes as `uncertainty_coverage`; or k-space as above with its `axes`.
"""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
from dealias.files.beside import Companion
from dealias.files.child_process import ReaderError, call
from dealias.files.gather import gather
from dealias.files.hdf5 import PER_SECOND, SECONDS, listed, opened, text_of
from dealias.files.header_fields import SHAPES, header_of, numbers_of
from dealias.files.size_limits import check_size, largest_size, too_much_memory
from dealias.files.slice_ranges import extent
from dealias.files.stack import Stack
from dealias.files.stored_kspace import as_kspace
from dealias.files.to_acquisition import Measured, Stored, as_images, choose, native, sibling, together
from dealias.files.turned import Turned
from dealias.files.wanted import Wanted
from dealias.header import Header

title = "MATLAB .mat"
extensions = (".mat",)
names_arrays = True

HDF5_INSIDE, LARGEST = b"MATLAB 7.3", 2**31
SHIFT = ("fftshift(kspace, 1)", "fftshift(kspace, 2)", "fftshift(fftshift(kspace, 1), 2)")
USUAL_AXES = {2: "y x", 3: "y x coil", 4: "y x coil slice"}
NUMBERS = ("double", "single", "logical", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")


def knows(start: bytes, path: Path) -> bool:
    """Whether a file begins as MATLAB's of version 5 or 7.3 does, or holds matrices of version 4."""
    return start.startswith((b"MATLAB 5.0 MAT", HDF5_INSIDE)) or _version_4(start)


def read(path: Path, wanted: Wanted) -> Acquisition:
    """Return the acquisition that a .mat holds; options as of `dealias.open`, axes in MATLAB's order."""
    with _opened(path) as (arrays, texts):
        if not any(array.ndim > 1 and array.dtype.kind == "c" for array in arrays.values()):
            _complain_of_others(path)
        kspace, layout, name = _laid_out(arrays, texts, wanted)
        parts = (sibling(arrays, name, part) for part in ("mask", "maps", "noise_std"))
        mask, maps, noise_std = (_ours(arrays[part][()]) if part in arrays else None for part in parts)
        measured = Measured(
            kspace[layout.index],
            mask,
            None if maps is None else layout.maps_wanted(maps, kspace.shape),
            noise_std.reshape(()) if noise_std is not None and noise_std.size == 1 else noise_std,
            header_of({name: arrays[name][()] for name in SHAPES if name in arrays}, {}),
            SHIFT,
        )
    return measured.acquisition(layout, wanted.mask)


def stack(path: Path, wanted: Wanted) -> tuple[range, int]:
    """Return which slices of k-space are wanted, and the bytes of one; of older versions none, and the bytes of all."""
    if not _version_7_3(path):
        return range(0), path.stat().st_size
    with _opened(path) as (arrays, texts):
        kspace, layout, _ = _laid_out(arrays, texts, wanted)
        return extent(kspace.shape, kspace.dtype.itemsize, layout.slice_axis, layout.wanted)


def _laid_out(arrays: Mapping[str, Any], texts: Mapping[str, str], wanted: Wanted) -> tuple[Any, Layout, str]:
    """Return the array that is k-space, its axes, and its name."""
    name = choose({name: Stored(array.shape, array.dtype) for name, array in arrays.items()}, wanted.key)
    names = wanted.axes or texts.get("axes")
    kspace, told = as_kspace(arrays[name], names is not None, last_first=True)
    names = names or (None if told is None else [*told[-3:-1], *told[:-3], told[-1]])
    if names is None and kspace.ndim in USUAL_AXES:
        names = recognised(kspace, USUAL_AXES[kspace.ndim].split())
    if names is None:
        text = f"'{name}' has {kspace.ndim} axes {kspace.shape}; name them, as --axes 'y x coil time slice'"
        raise UserError(f"{text}; one of averages or echoes is 'batch'")
    names = names.split() if isinstance(names, str) else names
    if len(names) > kspace.ndim:  # MATLAB drops axes of size 1 at the end
        kspace = kspace[()]
        kspace = kspace.reshape(kspace.shape + (1,) * (len(names) - kspace.ndim))
    return kspace, Layout.of(kspace.shape, names, wanted.slices), name


def images(path: Path) -> Tensor:
    """Return the images (..., y, x) of a .mat: `image`, else all its arrays of one size that are no k-space.

    Raises:
        UserError: where there are none.
    """
    arrays = {name: array for name, array in _loaded(path)[0].items() if min(array.shape) > 1}
    names = [name for name in arrays if name in ("image", "images", "reconstruction")][:1] or [
        name for name in arrays if name not in ("kspace", "mask", "maps", "sens", "traj")
    ]
    stacks = [as_images(_ours(arrays[name]), name) for name in names]
    if not stacks or len({stack.shape[-2:] for stack in stacks}) > 1:
        raise UserError(f"holds no images of one size but {', '.join(arrays) or 'nothing'}; name them 'image'")
    return together(stacks)


def arrays(path: Path) -> dict[str, Tensor]:
    """Return all arrays of a .mat by name."""
    return {name: torch.from_numpy(np.ascontiguousarray(_ours(array))) for name, array in _loaded(path)[0].items()}


@contextmanager
def maps(path: Path) -> Iterator[NDArray[Any]]:
    """Give the coil maps (coil, y, x) or (slice, coil, y, x): `maps` (y, x, coil, ...), or the only array of a .mat.

    Raises:
        UserError: where there are none.
    """
    with _opened(path) as (arrays, _):
        found = [arrays["maps"]] if "maps" in arrays else [array for array in arrays.values() if array.ndim > 2]
        if len(found) != 1 or found[0].ndim < 3:
            raise UserError(f"holds no one array of coil maps but {', '.join(arrays) or 'nothing'}; name it 'maps'")
        whole = _ours(found[0][()])
    yield whole


def write(
    path: Path,
    value: Tensor | Stack[Acquisition],
    header: Header,
    attributes: dict[str, Any],
    beside: Mapping[str, Companion],
) -> None:
    """Write images, or the k-space, mask and maps of a scan, as version 5, which MATLAB reads as it is."""
    arrays: dict[str, Any] = {}
    if isinstance(value, Stack):
        scan = gather(value)
        header = scan.header
        arrays = {"kspace": scan.kspace, "mask": scan.mask, "maps": scan.maps, "noise_std": scan.noise_std}
        arrays["axes"] = " ".join((*scan.axes[-2:], *reversed(scan.axes[:-2])))
    else:
        image = value.to(torch.complex64)
        arrays = {"image": image, "reconstruction": image.abs()}
        arrays |= {name: companion.values for name, companion in beside.items()}
        notes = {f"{name}_{what}": note for name, c in beside.items() for what, note in c.attributes.items()}
        attributes = attributes | notes
    _save(path, arrays | numbers_of(header), attributes)


def notes(path: Path) -> dict[str, str]:
    """Return the texts of a file, which say how it was made."""
    with _opened(path) as (_, texts):
        return texts


def write_maps(path: Path, maps: Stack[Tensor], attributes: dict[str, Any]) -> None:
    """Write coil maps as `maps` (y, x, coil, [time,] slice), of version 5."""
    _save(path, {"maps": torch.cat([part.to(torch.complex64) for part in maps]).numpy(force=True)}, attributes)


def _save(path: Path, arrays: dict[str, Any], attributes: dict[str, Any]) -> None:
    from scipy.io import savemat

    arrays |= {name: text if isinstance(text, int | float) else str(text) for name, text in attributes.items()}
    arrays = {name: _matlabs(array) for name, array in arrays.items() if array is not None}
    if any(isinstance(array, np.ndarray) and array.nbytes >= LARGEST for array in arrays.values()):
        raise UserError("a .mat holds arrays of up to 2 GiB; write .h5, which MATLAB reads with h5read")
    with path.open("wb") as file:
        savemat(file, arrays)


def _ours(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array (y, x, ...) of MATLAB's as ours (..., y, x); one of a single axis or number stays."""
    return array.T.swapaxes(-1, -2) if array.ndim > 1 else array


def _matlabs(value: Any) -> Any:
    value = value.numpy(force=True) if isinstance(value, Tensor) else value
    return value.swapaxes(-1, -2).T if isinstance(value, np.ndarray) and value.ndim > 1 else value


def _complain_of_others(path: Path) -> None:
    """Raise where a .mat of version 5 holds something else than numbers, such as cells, which is left alone."""
    if _version_7_3(path):
        return
    found = [f"'{name}' ({kind})" for name, _, kind in _variables(path) if kind not in (*NUMBERS, "char", "struct")]
    if found:
        text = f"there is no array 'kspace' of numbers, but {', '.join(found)}"
        raise UserError(f"{text}; save numbers, such as kspace = full(x) or cat(4, x{{:}})")


def _variables(path: Path) -> list[tuple[str, tuple[int, ...], str]]:
    """Return name, shape and class of each variable."""
    found: list[tuple[str, tuple[int, ...], str]] = _call("variables", path, size=100 * 2**20)
    return found


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Mapping[str, Any], dict[str, str]]]:
    """Give the arrays of a .mat, in MATLAB's order, and its texts, by name; of version 7.3 they are read inside."""
    if not _version_7_3(path):
        yield _by_scipy(path)
        return
    with opened(path) as file:
        arrays, texts = {}, {}
        for name, stored in listed(file).items():
            notes = file[name].attrs
            kind = text_of(notes.get("MATLAB_class", "double"))
            if kind == "char" and stored.dtype == np.uint16:
                texts[name] = "".join(map(chr, file[name][()].ravel().tolist()))
            elif kind in NUMBERS and not name.startswith("#") and "MATLAB_empty" not in notes:
                arrays[name] = Turned(file[name], name)
        yield arrays, texts


def _loaded(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Return the arrays of a .mat, in MATLAB's order, and its texts, by name."""
    with _opened(path) as (arrays, texts):
        return {name: array[()] for name, array in arrays.items()}, texts


def _version_7_3(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(HDF5_INSIDE)) == HDF5_INSIDE


def _by_scipy(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    stored = path.stat().st_size
    kinds = {name: (shape, kind) for name, shape, kind in _variables(path)}
    wanted = [name for name, (_, kind) in kinds.items() if kind in (*NUMBERS, "char", "struct")]
    numbers = sum(math.prod(kinds[name][0]) for name in wanted if kinds[name][1] != "struct")
    check_size(16 * numbers, stored)
    found = _call("values", path, wanted, size=2 * max(16 * numbers, largest_size(stored) // 4))
    arrays = {name: native(value, name) for name, value in found.items() if value.dtype.kind in "cfiub"}
    texts = {name: text_of(value) for name, value in found.items() if value.dtype.kind == "U"}
    return arrays, texts


def _call(function: str, path: Path, *arguments: Any, size: int) -> Any:
    """Return what SciPy's reader says, which one wrong byte can crash: in a process of its own."""
    stored = path.stat().st_size
    seconds = SECONDS + (size + stored) / PER_SECOND
    try:
        return call(
            f"dealias.files.matlab_reader.{function}",
            os.path.abspath(path),
            *arguments,
            seconds=seconds,
            size=2**29 + size + 2 * stored,
        )
    except MemoryError as error:
        raise too_much_memory() from error
    except ReaderError as error:
        raise UserError(f"is damaged or truncated ({error.kind}); copy it or save it again") from error


def _version_4(start: bytes) -> bool:
    """Whether a file starts with a matrix of version 4: five numbers, then a name that ends with zero."""
    if len(start) < 21:
        return False
    for order, offset in (("<", 0), (">", 1000)):
        kind, _, _, imaginary, length = np.frombuffer(start[:20], f"{order}i4").tolist()
        if 0 <= kind - offset <= 52 and imaginary in (0, 1) and 1 < length < 64:
            return start[19 + length : 20 + length] == b"\0" and start[20 : 19 + length].isascii()
    return False
