"""fastMRI's HDF5, in and out.

In: `kspace` (slice, y, x) or (slice, coil, y, x), centred, or as its attribute `axes` names them; `mask` (x),
(y, x) or (slice, y, x), else what is non-zero in any coil; `maps` (coil, y, x) or (slice, coil, y, x); the
attribute `noise_std`. Rows are the readout.

Where `ismrmrd_header` says that the readout is oversampled twice and the mask is one of columns, the image's
outer rows are removed at open; the rest of fastMRI's crop to the matrix of the scanner happens to images at
`write`. A zero-filled image is the very one of fastMRI's own flow (transform, then crop both ways). K-space
that was written after its oversampling went has fewer rows than the header encodes, and is left as it is.

Out: `reconstruction` float32 magnitude and `image` complex64, both (slice, [time,] y, x), and what lies beside them,
likewise; k-space as above.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.files.axes import Layout, chosen
from dealias.files.axes_guess import recognised
from dealias.files.beside import Companion
from dealias.files.crop import crop
from dealias.files.formats import mrd
from dealias.files.gather import Gathered, gather
from dealias.files.hdf5 import MAGIC, created, listed, opened, text_of
from dealias.files.header_fields import SHAPES, header_of, numbers_of
from dealias.files.mrd.xml_header import XML, geometry
from dealias.files.oversampling import without_oversampling
from dealias.files.recognition import about, check_exists
from dealias.files.slice_ranges import extent
from dealias.files.stack import Stack
from dealias.files.stored_kspace import as_kspace
from dealias.files.to_acquisition import Measured, choose, native, sibling
from dealias.files.wanted import Wanted
from dealias.header import Header

title = "HDF5 as fastMRI"
extensions = (".h5", ".hdf5")
names_arrays = True

USUAL_AXES = {2: "y x", 3: "slice y x", 4: "slice coil y x"}
TARGETS = ("reconstruction_rss", "reconstruction_esc", "reconstruction")
PLAIN = (str, bool, int, float, np.ndarray, np.generic, tuple)
OURS = ("axes", "noise_std", *SHAPES)


def knows(start: bytes, path: Path) -> bool:
    """Whether a file is HDF5 without readouts."""
    return start.startswith(MAGIC) and not mrd.knows(start, path)


def read(path: Path, wanted: Wanted) -> Acquisition:
    """Return the acquisition that an HDF5 file holds; options as of `dealias.open`."""
    with opened(path) as file:
        arrays = listed(file)
        name = choose(arrays, wanted.key)
        kspace, layout = _layout(file, file[name], wanted.axes, wanted.slices)
        parts = [sibling(arrays, name, part) for part in ("mask", "maps")]
        mask, maps = (file[part] if part in arrays else None for part in parts)
        mask = None if mask is None else mask[()]
        maps = None if maps is None else layout.maps_wanted(maps, kspace.shape)
        noise_std = np.asarray(file.attrs["noise_std"]) if "noise_std" in file.attrs else None
        measured = Measured(kspace[layout.index], mask, maps, noise_std, _header(file))
    header = measured.header
    ours = header.matrix is not None  # the XML tells of the scan that it was made of
    scan = None if ours or XML not in header.text else geometry(header.text[XML])
    if scan is None:
        return measured.acquisition(layout, wanted.mask)
    header = replace(header, voxel_size=scan.voxel_size, matrix=scan.matrix)
    acquisition = replace(measured, header=header).acquisition(layout, wanted.mask)
    if scan.oversampled and acquisition.kspace.shape[-2] == scan.encoded[0]:
        return without_oversampling(acquisition, scan.matrix[0])
    return acquisition


def stack(path: Path, wanted: Wanted) -> tuple[range, int]:
    """Return which slices of k-space are wanted, without reading them, and the bytes of one; none without such axis."""
    with opened(path) as file:
        arrays = listed(file)
        name = choose(arrays, wanted.key)
        kspace, layout = _layout(file, file[name], wanted.axes, wanted.slices)
        return extent(kspace.shape, kspace.dtype.itemsize, layout.slice_axis, layout.wanted)


def targets(path: str | PathLike[str], slices: int | slice | str | None = None) -> Tensor | None:
    """Return the reference magnitude (slice, y, x) that lies beside k-space, on the file's scale.

    None where there is none. Of several coils the root sum of squares comes first, of one coil fastMRI's
    emulated one.

    Raises:
        UserError: where the file is missing, is not HDF5 or is damaged.
    """
    path = Path(path)
    with about(path):
        check_exists(path)
        return _targets(path, slices)


def images(path: Path) -> Tensor:
    """Return the images (..., y, x) of an HDF5 file: `image`, else full single-coil k-space, else targets.

    Zero padding around k-space, and corners that a scanner left out, count as sampled.

    Raises:
        UserError: where it holds none of these.
    """
    with opened(path) as file:
        arrays = listed(file)
        image = native(file["image"][()], "image") if "image" in arrays else None
    if image is not None and image.ndim > 1:
        return torch.from_numpy(image).to(torch.complex64)
    if "kspace" in arrays:
        acquisition = read(path, Wanted())
        if acquisition.coils == 1 and sampled_in_full(acquisition.centred_mask):
            return crop(acquisition.zero_filled, acquisition.header.matrix).to(torch.complex64)
    reference = _targets(path, None)
    if reference is None:
        raise UserError(
            "holds no images: no 'image', no fully sampled single-coil 'kspace', no 'reconstruction'; "
            "reconstruct it first"
        )
    return reference.to(torch.complex64)


def arrays(path: Path) -> dict[str, Tensor]:
    """Return all arrays of numbers of an HDF5 file by name."""
    with opened(path) as file:
        names = [name for name, array in listed(file).items() if array.complex or array.dtype.kind in "fiub"]
        return {name: torch.from_numpy(native(file[name][()], name)) for name in names}


@contextmanager
def maps(path: Path) -> Iterator[Any]:
    """Give the coil maps that an HDF5 file holds as `maps`, alone or beside k-space.

    Raises:
        UserError: where it holds none.
    """
    with opened(path) as file:
        arrays = listed(file)
        if "maps" not in arrays:
            raise UserError(f"holds no coil maps 'maps' but {', '.join(arrays) or 'nothing'}; make them: dealias maps")
        yield file["maps"]


def write(
    path: Path,
    value: Tensor | Stack[Acquisition],
    header: Header,
    attributes: dict[str, Any],
    beside: Mapping[str, Companion],
) -> None:
    """Write an image, or the k-space, mask and maps of a scan, on the input's own scale."""
    with created(path) as file:
        if isinstance(value, Stack):
            scan = gather(value, partial(_in_file, file))
            header, notes = scan.header, _of_scan(file, scan)
        else:
            notes = {}
            for name, array in _of_image(value, beside).items():
                file.create_dataset(name, data=array)
        if XML in header.text:
            file.create_dataset(XML, data=header.text[XML])
        _say(file, {name: text for name, text in header.text.items() if name != XML})
        _say(file, numbers_of(header) | notes | attributes)
        for name, companion in beside.items():
            _say(file[name], companion.attributes)


def notes(path: Path) -> dict[str, str]:
    """Return what a file says of how it was made."""
    with opened(path) as file:
        return {name: text_of(value) for name, value in file.attrs.items() if isinstance(value, str | bytes)}


def write_maps(path: Path, maps: Stack[Tensor], attributes: dict[str, Any]) -> None:
    """Write coil maps (..., coil, y, x) as the dataset `maps`."""
    with created(path) as file:
        rows, start = None, 0
        for part in maps:
            if rows is None:
                rows = _in_file(file, "maps", maps.shape(part.shape), np.dtype(np.complex64))
            rows[start : start + len(part)] = part.to(torch.complex64).numpy(force=True)
            start += len(part)
        _say(file, attributes)


def _in_file(file: Any, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    return file.create_dataset(name, shape, dtype)


def _say(place: Any, notes: Mapping[str, Any]) -> None:
    """Write attributes of a file or of an array in it."""
    for name, note in notes.items():
        place.attrs[name] = note if isinstance(note, PLAIN) else str(note)


def _of_image(image: Tensor, beside: Mapping[str, Companion]) -> dict[str, NDArray[Any]]:
    values = _slices_first(image.to(torch.complex64))
    others = {name: _slices_first(c.values) if c.pixels else c.values for name, c in beside.items()}
    arrays = {"reconstruction": values.abs(), "image": values, **others}
    return {name: array.numpy(force=True) for name, array in arrays.items()}


def _slices_first(image: Tensor) -> Tensor:
    """Return images of any axes as (slice, [time,] y, x)."""
    shape = (1,) * (3 - image.ndim) + tuple(image.shape)
    return image.reshape(-1, *shape[-3:]) if len(shape) > 4 else image.reshape(shape)


def _of_scan(file: Any, scan: Gathered) -> dict[str, Any]:
    """Write what lies beside k-space as arrays, and return what else there is to say of it; a mask as short as it can.

    What lies in the file already stays.
    """
    mask = scan.mask
    if math.prod(mask.shape[:-2]) == 1:  # otherwise all axes of k-space, lest frames be taken for slices
        mask = mask.reshape(mask.shape[-2:] if mask.shape[-2] > 1 else mask.shape[-1:])
    for name, array in {"mask": mask, "maps": scan.maps}.items():
        if array is not None and name not in file:
            file.create_dataset(name, data=array)
    noise_std = scan.noise_std
    told = {} if noise_std is None else {"noise_std": noise_std.squeeze() if noise_std.size == 1 else noise_std}
    return {"axes": " ".join(scan.axes), **told}


def _targets(path: Path, slices: int | slice | str | None) -> Tensor | None:
    with opened(path) as file:
        arrays = listed(file)
        single = "kspace" in arrays and len(arrays["kspace"].shape) < 4
        order = (TARGETS[1], TARGETS[0], TARGETS[2]) if single else TARGETS
        name = next((name for name in order if name in arrays and len(arrays[name].shape) > 1), None)
        if name is None:
            return None
        shape = arrays[name].shape
        reference = native(file[name][chosen(slices, shape[0] if len(shape) > 2 else 0)], name)
    return torch.from_numpy(np.abs(reference).astype(np.float32))


def sampled_in_full(mask: Tensor) -> bool:
    """Whether most of the box that a centred mask spans is sampled: zero padding and cut corners do not count."""
    where = mask.nonzero()[:, -2:]
    if not len(where):
        return False
    patterns = mask.flatten(0, -3).any(-1).any(-1).sum()  # an empty slice is padding, too
    box = (where.amax(0) - where.amin(0) + 1).prod() * patterns
    return bool(len(where) > 0.75 * box)


def _layout(
    file: Any, stored: Any, axes: str | Sequence[str] | None, slices: int | slice | str | None
) -> tuple[Any, Layout]:
    """Return a dataset as k-space, and what its axes are."""
    text = file.attrs.get("axes", stored.attrs.get("axes"))
    axes = axes or (None if text is None else text_of(text))
    kspace, told = as_kspace(stored, axes is not None)
    axes = axes or told
    if axes is None and kspace.ndim in USUAL_AXES:
        axes = recognised(kspace, USUAL_AXES[kspace.ndim].split())
    if axes is None:
        text = f"'{stored.name.strip('/')}' has {stored.ndim} axes {stored.shape}"
        raise UserError(f"{text}; name them, as --axes 'slice time coil y x'; one of averages or echoes is 'batch'")
    return kspace, Layout.of(kspace.shape, axes, slices)


def _header(file: Any) -> Header:
    text = {name: text_of(value) for name, value in file.attrs.items() if isinstance(value, str | bytes)}
    text = {name: value for name, value in text.items() if name not in OURS}
    if XML in file and not hasattr(file[XML], "keys"):
        text[XML] = text_of(file[XML][()])
    return header_of(file.attrs, text)
