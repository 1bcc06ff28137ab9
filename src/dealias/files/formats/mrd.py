"""MRD (ISMRMRD) raw data in HDF5: every readout with a header of its own, sorted here into Cartesian k-space.

In: slices, contrasts and sets, cardiac phases or repetitions as time, averages, partial Fourier and asymmetric
echoes (what was not measured is zero and not in the mask), calibration lines that belong to the image. A volume
becomes slices, as `decouple.py` says. Noise scans whiten the coils. Readout and slice oversampling are removed.
Scanners' other readouts, such as navigators, are left out. | https://ismrmrd.readthedocs.io
"""

import warnings
from dataclasses import replace
from itertools import compress
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
from dealias.files.maps_axes import fitted
from dealias.files.mrd.extent import extent
from dealias.files.mrd.grid import Grid, check_fields, decoded, flagged, sorted_readouts
from dealias.files.mrd.imaging import NOISE, imaging
from dealias.files.mrd.patient_position import header_of_readouts
from dealias.files.mrd.slices import in_order
from dealias.files.mrd.xml_header import XML, Encoding, encoding
from dealias.files.oversampling import without_oversampling
from dealias.files.to_acquisition import Measured, once
from dealias.files.wanted import Wanted
from dealias.header import Header

title = "ISMRMRD raw data"
whitens = True

Heads = NDArray[Any]  # one structured header per readout, MRD's `acquisition_header`


def knows(start: bytes, path: Path) -> bool:
    """Whether a file is HDF5 with a table of readouts."""
    if not start.startswith(MAGIC):
        return False
    try:
        with opened(path) as file:
            return bool(_datasets(file))
    except UserError:
        return False


def read(path: Path, wanted: Wanted) -> Acquisition:
    """Return the acquisition that raw data make; the key names one of several datasets."""
    if wanted.axes is not None:
        raise UserError("says itself which axis is which; leave --axes out")
    with opened(path) as file:
        names = _datasets(file)
        if wanted.key is None and len(names) > 1:
            raise UserError(f"holds several datasets: {', '.join(names)}; name one with --key")
        if wanted.key is not None and wanted.key.strip("/") not in names:
            raise UserError(f"there is no dataset '{wanted.key}'{suggest(wanted.key, names)}; name one with --key")
        group = file[names[0] if wanted.key is None else wanted.key.strip("/")]
        xml = text_of(group["xml"][0]) if "xml" in group else ""
        heads, readouts = group["data"]["head"], group["data"]["data"]
    check_fields(heads)
    scan = _cartesian(xml)
    image = imaging(heads, scan)
    lines, kept = decoded(heads[image], readouts[image]), in_order(heads[image])
    filled = [line.samples.any() for line in lines]
    if any(filled):  # a line that is written as zeros was not measured
        lines, kept = list(compress(lines, filled)), kept[filled]
    scan, lines = extent(scan, kept, lines)
    if scan.encoded[2] == 1:
        numbers = np.unique(kept["idx"]["slice"])
        chosen_ones = np.isin(kept["idx"]["slice"], numbers[chosen(wanted.slices, len(numbers))])
        lines, kept = list(compress(lines, chosen_ones)), kept[chosen_ones]
    grid = sorted_readouts(kept, lines, scan)
    if _turned(scan, wanted.conjugate):
        grid = replace(grid, kspace=grid.kspace.conj())
    if scan.encoded[2] == 1:
        acquisition = _slices(grid, kept, scan)
    else:
        acquisition = _volume(grid, kept, scan, wanted.slices)
    acquisition = replace(acquisition, header=replace(acquisition.header, text={XML: xml}))
    if wanted.maps is not None:
        acquisition = acquisition.with_maps(fitted(wanted.maps, acquisition))
    noise = flagged(heads, NOISE) & (heads["active_channels"] == acquisition.coils)
    if noise.any() and wanted.whiten:
        samples = _noise(heads[noise], readouts[noise], kept, scan)
        if _turned(scan, wanted.conjugate):
            samples = samples.conj()
        acquisition = _whitened(acquisition, samples, grid.averages)
    return acquisition


def stack(path: Path, wanted: Wanted) -> tuple[range, int]:
    """Return that no slices are read alone, since all readouts tell where they lie, and the bytes of all."""
    return range(0), path.stat().st_size


def _turned(scan: Encoding, conjugate: bool | None) -> bool:
    """Whether k-space is conjugated, which turns the image around: by default of scanners whose directions do so.

    Siemens' directions belong to images by a forward transform of k-space.
    | https://github.com/PTB-MR/mrpro/pull/833
    | https://github.com/kspaceKelvin/python-ismrmrd-server (invertcontrast.py)
    """
    return scan.vendor.lower().startswith("siemens") if conjugate is None else conjugate


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
    """Return the acquisition in units of the noise of one readout, and say so."""
    try:
        white = whiten(acquisition, noise)
    except UserError as error:
        warnings.warn(Note(f"the noise scan is not used: {error}"), stacklevel=3)
        return acquisition
    warnings.warn(Note("the coils were whitened by the noise scan: images are in units of the noise"), stacklevel=3)
    return replace(white, noise_std=torch.full((1,) * white.kspace.ndim, averages**-0.5))
