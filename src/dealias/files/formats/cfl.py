"""BART's pair of files: `x.hdr` names the sizes of 16 axes, `x.cfl` holds complex64 numbers, first axis fastest.

Axes 0 to 2 are the readout and two phase encodings, 3 coils, 4 sets of maps, 10 time, 13 slices; any other is a
batch axis. Of the first three, those longer than one are rows and columns; a volume becomes slices, as
`decouple.py` says. | https://mrirecon.github.io/bart/
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.errors import Note, UserError
from dealias.files.axes import Layout, axes_of
from dealias.files.decouple import READOUT, decouple
from dealias.files.notes import comment, commented
from dealias.files.slice_ranges import extent
from dealias.files.stack import Stack
from dealias.files.to_acquisition import Measured, as_images, native
from dealias.files.wanted import Wanted
from dealias.header import Header

title = "BART .cfl and .hdr"
extensions = (".cfl",)

START, COMMENTS = b"# Dimensions", "# Comments"
SHIFT = ("bart fftshift 1 kspace shifted", "bart fftshift 2 kspace shifted", "bart fftshift 3 kspace shifted")
AXES = 16
SPACE, COIL, MAPS, TIME, SLICE = (0, 1, 2), 3, 4, 10, 13
BATCH = (15, 14, 12, 11, 9, 8, 7, 6, 5)  # where our batch axes go, the first of them first
NAMES = {COIL: "coil", TIME: "time", SLICE: "slice"}


def knows(start: bytes, path: Path) -> bool:
    """Whether a file is BART's header, or is called like its data."""
    return start.startswith(START) or path.suffix.lower() == ".cfl"


def read(path: Path, wanted: Wanted) -> Acquisition:
    """Return the acquisition that a pair holds; options as of `dealias.open`."""
    if wanted.key is not None or wanted.axes is not None:
        raise UserError("holds one array, its axes are BART's; leave --key and --axes out")
    array, names = _arranged(path)
    mask = None
    if array.ndim > len(names):
        array = native(array, "the array")
        array, mask, axis = decouple(array, (array != 0).any(-4))
        if axis == READOUT:
            text = "the volume is undersampled along both phase encodings: images (y, z), one for every x"
            warnings.warn(Note(text), stacklevel=3)
        names = ("slice", *("batch" if name == "slice" else name for name in names[:-3]), "coil", "y", "x")
    layout = Layout.of(array.shape, names, wanted.slices)
    return Measured(array[layout.index], mask, shift=SHIFT).acquisition(layout)


def stack(path: Path, wanted: Wanted) -> tuple[range, int]:
    """Return which slices are wanted, and the bytes of one; of a volume none, and the bytes of all."""
    array, names = _arranged(path)
    layout = Layout.of(array.shape, names, wanted.slices) if array.ndim == len(names) else None
    return extent(array.shape, 8, 0 if layout and layout.count else None, layout.wanted if layout else slice(None))


def images(path: Path) -> Tensor:
    """Return the images of a pair ([slice, time, coil,] y, x).

    Raises:
        UserError: where it is damaged or looks like k-space.
    """
    return as_images(native(_arranged(path)[0], "the array"), "the array").squeeze(-3)


def arrays(path: Path) -> dict[str, Tensor]:
    """Return the array of a pair, with the axes of k-space, by the name ""."""
    return {"": torch.from_numpy(native(_arranged(path)[0], "the array"))}


@contextmanager
def maps(path: Path) -> Iterator[NDArray[np.complex64]]:
    """Give coil maps (coil, y, x) or (slice, coil, y, x), such as `bart ecalib -m1` writes.

    Raises:
        UserError: where there are several sets of maps.
    """
    array, names = _arranged(path, sets=True)
    if set(names) - {"slice", "coil", "y", "x"}:
        raise UserError(f"holds axes {' '.join(names)} {array.shape}, not one set of maps; use `bart ecalib -m1`")
    yield array


def parts(path: Path) -> tuple[Path, Path]:
    """Return both files of a pair, by either's name."""
    return path.with_suffix(".cfl"), path.with_suffix(".hdr")


def write(path: Path, value: Tensor | Stack[Acquisition], header: Header, attributes: dict[str, Any]) -> None:
    """Write images (slice, [time,] y, x), or centred k-space, as a pair."""
    if isinstance(value, Stack):
        _save(path, value.map(lambda scan: (axes_of(scan), scan.centred_kspace)), attributes)
        return
    data = value.reshape((1,) * (3 - value.ndim) + tuple(value.shape))
    names = ("slice", *("batch",) * (data.ndim - 4), *("time",) * (data.ndim > 3), "y", "x")
    _save(path, Stack.one((names, data)), attributes)


def notes(path: Path) -> dict[str, str]:
    """Return what a header says of how its data were made."""
    return commented(parts(path)[1].read_text(errors="replace").partition(f"\n{COMMENTS}\n")[2])


def write_maps(path: Path, maps: Stack[Tensor], attributes: dict[str, Any]) -> None:
    """Write coil maps ([slice,] [time,] coil, y, x) as a pair."""
    _save(path, maps.map(lambda part: (_names_of_maps(part.ndim - 3), part)), attributes)


def _names_of_maps(lead: int) -> tuple[str, ...]:
    return (*("slice",) * (lead > 0), *("batch",) * (lead - 2), *("time",) * (lead > 1), "coil", "y", "x")


def _save(path: Path, stack: Stack[tuple[tuple[str, ...], Tensor]], attributes: dict[str, Any]) -> None:
    """Write parts, each with the names of its axes: slices lie one after the other, in every batch anew."""
    cfl, hdr = parts(path)
    start, sizes = 0, [1] * AXES
    with cfl.open("wb") as file:
        for names, part in stack:
            places, whole = _places(names), stack.shape(part.shape)
            for axis, size in zip(places, whole, strict=True):
                sizes[axis] = size
            fastest_last = sorted(range(len(names)), key=lambda axis: -places[axis])
            array = np.ascontiguousarray(part.to(torch.complex64).permute(fastest_last).numpy(force=True))
            lead = fastest_last.index(0) if "slice" in names else 0
            blocks = array.astype("<c8", copy=False).reshape(-1, *array.shape[lead:])
            for number, block in enumerate(blocks):
                file.seek(block[:1].nbytes * (number * whole[0] + start))
                file.write(block.reshape(-1).view(np.uint8).data)
            start += len(part)
    about = f"{COMMENTS}\n{comment(attributes)}\n" if attributes else ""
    hdr.write_text(f"{START.decode()}\n{' '.join(map(str, sizes))}\n{about}")


def _places(names: tuple[str, ...]) -> list[int]:
    place = {"y": 0, "x": 1} | {name: axis for axis, name in NAMES.items()}
    batch = iter(BATCH)
    try:
        return [next(batch) if name == "batch" else place[name] for name in names]
    except StopIteration:
        raise UserError(f"a .cfl holds {len(BATCH)} batch axes; flatten some") from None


def _arranged(path: Path, *, sets: bool = False) -> tuple[NDArray[np.complex64], tuple[str, ...]]:
    """Return the array of a pair, still in its file, and its axes' names, in our order; a volume has one axis more.

    Arguments:
        sets: whether sets of maps are what is wanted.
    """
    array = _loaded(path)
    if array.shape[MAPS] > 1 and not sets:
        raise UserError(f"holds {array.shape[MAPS]} sets of maps in axis {MAPS}; give k-space, or images of one set")
    lead = [axis for axis in range(AXES) if axis not in (*SPACE, COIL) and array.shape[axis] > 1]
    lead.sort(key=lambda axis: (axis != SLICE, axis == TIME, -axis))
    space = [axis for axis in SPACE if array.shape[axis] > 1]
    if len(space) < 2:
        space = [1, 2] if space == [2] else [0, 1]
    kept = [*lead, COIL, *space]
    array = array.transpose([*kept, *(axis for axis in range(AXES) if axis not in kept)])
    array = array.reshape(array.shape[: len(kept)])
    return array, (*(NAMES.get(axis, "batch") for axis in lead), "coil", "y", "x")


def _loaded(path: Path) -> NDArray[np.complex64]:
    cfl, hdr = parts(path)
    for part in (cfl, hdr):
        if not part.is_file():
            raise UserError(f"its other half {part.name} is missing; copy both files")
    sizes = _sizes(hdr)
    count, size = int(np.prod(sizes, dtype=object)), cfl.stat().st_size
    if size != 8 * count:
        raise UserError(f"{cfl.name} holds {size / 8:g} complex numbers, {hdr.name} says {count:.6g}; copy both again")
    flat = np.memmap(cfl, "<c8", "r") if count else np.empty(0, np.complex64)
    return flat.reshape(sizes, order="F")


def _sizes(hdr: Path) -> list[int]:
    lines = hdr.read_bytes()[:65536].decode(errors="replace").splitlines()
    place = lines.index(START.decode()) + 1 if START.decode() in lines else len(lines)
    words = lines[place].split() if place < len(lines) else []
    if not 0 < len(words) <= AXES or not all(word.isdecimal() and len(word) < 10 for word in words):
        raise UserError(f"{hdr.name} names no sizes of up to {AXES} axes; copy it again")
    return [int(word) for word in words] + [1] * (AXES - len(words))
