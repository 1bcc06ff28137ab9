"""MRD (ISMRMRD) raw data in HDF5: every readout with a header of its own, sorted here into Cartesian k-space.

In: slices, contrasts and sets, cardiac phases or repetitions as time, averages, partial Fourier and asymmetric
echoes (what was not measured is zero and not in the mask), calibration lines that belong to the image. A volume
becomes slices, as `decouple.py` says. Noise scans whiten the coils. Readout and slice oversampling are removed.
Scanners' other readouts, such as navigators, are left out. | https://ismrmrd.readthedocs.io
"""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dealias.acquisition import Acquisition
from dealias.coils.whiten import whiten
from dealias.errors import Note, UserError, suggest
from dealias.files.axes import Layout, chosen
from dealias.files.decouple import READOUT, SECOND, decouple
from dealias.files.hdf5 import MAGIC, listed, opened, text_of
from dealias.files.mrd.grid import COUNTERS, STEPS, Grid, sorted_readouts
from dealias.files.mrd.patient_position import header_of_readouts
from dealias.files.mrd.xml_header import XML, Encoding, encoding
from dealias.files.oversampling import without_oversampling
from dealias.files.to_acquisition import Measured, once
from dealias.header import Header

title = "ISMRMRD raw data"

Heads = NDArray[Any]  # one structured header per readout, MRD's `acquisition_header`

NOISE, CALIBRATION, CALIBRATION_AND_IMAGING, REVERSE = 19, 20, 21, 22
NO_IMAGE = (NOISE, 23, 24, 26, 27, 28, 29, 30, 31)  # navigators, phase correction, feedback, dummies, stabilisation
WITH_THE_IMAGE = ("embedded", "interleaved")


def knows(start: bytes, path: Path) -> bool:
    """Whether a file is HDF5 with a table of readouts."""
    if not start.startswith(MAGIC):
        return False
    try:
        with opened(path) as file:
            return bool(_datasets(file))
    except UserError:
        return False


def read(
    path: Path, key: str | None, axes: str | Sequence[str] | None, slices: int | slice | str | None
) -> Acquisition:
    """Return the acquisition that raw data make; the key names one of several datasets."""
    if axes is not None:
        raise UserError("says itself which axis is which; leave --axes out")
    with opened(path) as file:
        names = _datasets(file)
        if key is None and len(names) > 1:
            raise UserError(f"holds several datasets: {', '.join(names)}; name one with --key")
        if key is not None and key.strip("/") not in names:
            raise UserError(f"there is no dataset '{key}'{suggest(key, names)}; name one with --key")
        group = file[names[0] if key is None else key.strip("/")]
        xml = text_of(group["xml"][0]) if "xml" in group else ""
        heads, readouts = group["data"]["head"], group["data"]["data"]
    scan = _cartesian(xml)
    image = _imaging(heads, scan)
    if not image.any():
        raise UserError("holds no readouts of an image; give the scan itself, not its calibration")
    if scan.encoded[2] == 1:
        numbers = np.unique(heads["idx"]["slice"][image])
        image &= np.isin(heads["idx"]["slice"], numbers[chosen(slices, len(numbers))])
    grid = sorted_readouts(heads[image], readouts[image], scan)
    if scan.encoded[2] == 1:
        acquisition = _slices(grid, heads[image], scan)
    else:
        acquisition = _volume(grid, heads[image], scan, slices)
    acquisition = replace(acquisition, header=replace(acquisition.header, text={XML: xml}))
    noise = _flagged(heads, NOISE)
    if noise.any():
        samples = _noise(heads[noise], readouts[noise], heads[image], scan)
        acquisition = _whitened(acquisition, samples, grid.averages)
    return acquisition


def _datasets(file: Any) -> list[str]:
    """Return the names of the groups that hold readouts."""
    arrays = listed(file)
    tables = [name for name, array in arrays.items() if {"head", "data"} <= set(array.dtype.names or ())]
    return [name.removesuffix("/data") for name in once(arrays, tables) if name.endswith("/data")]


def _cartesian(xml: str) -> Encoding:
    try:
        scan = encoding(xml)
    except ValueError as error:
        raise UserError(f"its XML header is not understood ({error}); convert the scan again") from error
    if scan.trajectory not in ("", "cartesian"):
        raise UserError(f"its trajectory is {scan.trajectory}, which is not supported yet; grid the data first")
    return scan


def _flagged(heads: Heads, *flags: int) -> NDArray[np.bool_]:
    return (heads["flags"] & np.uint64(sum(1 << (flag - 1) for flag in flags))) != 0


def _imaging(heads: Heads, scan: Encoding) -> NDArray[np.bool_]:
    """Return which readouts belong to the image."""
    wanted = ~_flagged(heads, *NO_IMAGE)
    elsewhere = wanted & (heads["encoding_space_ref"] != 0)
    if elsewhere.any():
        warnings.warn(Note(f"{elsewhere.sum()} readouts of another encoding are left out"), stacklevel=4)
    wanted &= ~elsewhere
    calibration = wanted & _flagged(heads, CALIBRATION) & ~_flagged(heads, CALIBRATION_AND_IMAGING)
    if calibration.any() and not _belongs(heads[calibration], heads[wanted & ~calibration], scan):
        warnings.warn(Note(f"{calibration.sum()} separate calibration readouts are left out"), stacklevel=4)
        wanted &= ~calibration
    if _flagged(heads[wanted], REVERSE).any():
        raise UserError("holds readouts in reverse, as echo-planar imaging, which is not supported yet; convert it")
    return wanted


def _belongs(calibration: Heads, imaging: Heads, scan: Encoding) -> bool:
    """Whether calibration lines are part of the image: the header says so, or they fill gaps between its lines."""
    if scan.calibration:
        return scan.calibration in WITH_THE_IMAGE
    names = [*COUNTERS, *STEPS]
    ours, theirs = ({tuple(line) for line in heads["idx"][names].tolist()} for heads in (calibration, imaging))
    return not ours & theirs


def _volume(grid: Grid, heads: Heads, scan: Encoding, slices: int | slice | str | None) -> Acquisition:
    if len(grid.kspace) > 1:
        raise UserError(f"holds {len(grid.kspace)} volumes, which is not supported yet; convert them one by one")
    kspace, mask, axis = decouple(grid.kspace[0], grid.count[0] > 0)
    shown, middle = scan.shown[axis], scan.encoded[axis] // 2
    begin = middle - shown // 2
    picked = range(begin, begin + shown)[chosen(slices, shown)]
    header = header_of_readouts(scan, heads[:1], axis, picked.start - middle, picked.step)
    kspace = kspace[picked.start : picked.stop : picked.step]
    acquisition = _arranged(kspace, mask, grid, header)
    return acquisition if axis == READOUT else without_oversampling(acquisition, scan.shown[0])


def _slices(grid: Grid, heads: Heads, scan: Encoding) -> Acquisition:
    first = [np.argmax(heads["idx"]["slice"] == number) for number in np.unique(heads["idx"]["slice"])]
    mask = (grid.count > 0)[..., None, :, :, 0]
    acquisition = _arranged(grid.kspace[..., 0], mask, grid, header_of_readouts(scan, heads[first], SECOND, None))
    return without_oversampling(acquisition, scan.shown[0])


def _arranged(kspace: NDArray[np.complex64], mask: NDArray[np.bool_], grid: Grid, header: Header) -> Acquisition:
    layout = Layout.of(kspace.shape, (*grid.names, "coil", "y", "x"), None)
    return Measured(kspace, mask, header=header).acquisition(layout)


def _noise(heads: Heads, readouts: NDArray[Any], image: Heads, scan: Encoding) -> NDArray[np.complex64]:
    """Return what a scan without excitation measured (coil, n), as strong as noise is in a readout of the image.

    Its variance goes with the bandwidth, which is one over the time per sample, of which the receiver's filter
    lets pass a share of the noise scan's own.
    """
    coils, times = int(heads["active_channels"][0]), (heads["sample_time_us"][0], image["sample_time_us"][0])
    if any(readout.size % (2 * coils) for readout in readouts):
        raise UserError(f"its noise scan has readouts of other than {coils} coils; convert the scan again")
    parts = [np.ascontiguousarray(readout, np.float32).view(np.complex64).reshape(coils, -1) for readout in readouts]
    longer = times[0] / times[1] if min(times) > 0 else 1.0
    return np.concatenate(parts, axis=1) * np.float32((longer / scan.noise_bandwidth) ** 0.5)


def _whitened(acquisition: Acquisition, noise: NDArray[np.complex64], averages: int) -> Acquisition:
    """Return the acquisition in units of the noise of one readout."""
    try:
        white = whiten(acquisition, noise)
    except UserError as error:
        warnings.warn(Note(f"the noise scan is not used: {error}"), stacklevel=3)
        return acquisition
    return replace(white, noise_std=torch.full((1,) * white.kspace.ndim, averages**-0.5))
