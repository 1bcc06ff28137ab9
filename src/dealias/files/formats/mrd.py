"""MRD (ISMRMRD) raw data in HDF5: every readout with a header of its own, sorted here into Cartesian k-space.

In: slices, contrasts and sets, cardiac phases or repetitions as time, averages, partial Fourier and asymmetric
echoes (what was not measured is zero and not in the mask), calibration lines that belong to the image. A volume
becomes slices, as `decouple.py` says. Noise scans whiten the coils. Readout and slice oversampling are removed.
Scanners' other readouts, such as navigators, are left out. | https://ismrmrd.readthedocs.io
"""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dealias.acquisition import Acquisition
from dealias.coils.whiten import whiten
from dealias.errors import Note, UserError
from dealias.files.axes import Layout, chosen
from dealias.files.decouple import READOUT, SECOND, decouple
from dealias.files.hdf5 import MAGIC, opened
from dealias.files.maps_axes import fitted
from dealias.files.mrd.grid import Grid, flagged
from dealias.files.mrd.imaging import NOISE
from dealias.files.mrd.patient_position import header_of_readouts
from dealias.files.mrd.raw_scan import datasets, raw_scan, turned
from dealias.files.mrd.xml_header import XML, Encoding
from dealias.files.oversampling import without_oversampling
from dealias.files.to_acquisition import Measured
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
            return bool(datasets(file))
    except UserError:
        return False


def read(path: Path, wanted: Wanted) -> Acquisition:
    """Return the acquisition that raw data make; the key names one of several datasets."""
    if wanted.axes is not None:
        raise UserError("says itself which axis is which; leave --axes out")
    raw = raw_scan(path, wanted)
    grid, kept, scan = raw.grid, raw.heads, raw.encoding
    if scan.encoded[2] == 1:
        acquisition = _slices(grid, kept, scan)
    else:
        acquisition = _volume(grid, kept, scan, wanted.slices)
    acquisition = replace(acquisition, header=replace(acquisition.header, text={XML: raw.xml}))
    if wanted.maps is not None:
        acquisition = acquisition.with_maps(fitted(wanted.maps, acquisition))
    noise = flagged(raw.all_heads, NOISE) & (raw.all_heads["active_channels"] == acquisition.coils)
    if noise.any() and wanted.whiten:
        samples = _noise(raw.all_heads[noise], raw.all_readouts[noise], kept, scan)
        if turned(scan, wanted.conjugate):
            samples = samples.conj()
        acquisition = _whitened(acquisition, samples, grid.averages)
    return acquisition


def stack(path: Path, wanted: Wanted) -> tuple[range, int]:
    """Return that no slices are read alone, since all readouts tell where they lie, and the bytes of all."""
    return range(0), path.stat().st_size


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
