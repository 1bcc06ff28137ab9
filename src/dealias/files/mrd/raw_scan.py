"""The Cartesian k-space that a file of readouts holds, on one grid, and what the file says of it."""

from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dealias.errors import UserError, suggest
from dealias.files.axes import chosen
from dealias.files.hdf5 import listed, opened, text_of
from dealias.files.mrd.extent import extent
from dealias.files.mrd.grid import Grid, check_fields, decoded, sorted_readouts
from dealias.files.mrd.imaging import imaging
from dealias.files.mrd.slices import in_order
from dealias.files.mrd.xml_header import Encoding, encoding
from dealias.files.to_acquisition import once
from dealias.files.wanted import Wanted


@dataclass(frozen=True)
class RawScan:
    """K-space of a scan.

    Arguments:
        grid: k-space, its readout oversampled as it was measured.
        encoding: with sizes and centres that the readouts have.
        heads: MRD's header of each readout of the image.
        all_heads: likewise of every readout, noise and navigators among them.
        all_readouts: the samples of those.
        xml: the file's header, as it is.
    """

    grid: Grid
    encoding: Encoding
    heads: NDArray[Any]
    all_heads: NDArray[Any]
    all_readouts: NDArray[Any]
    xml: str


def raw_scan(path: Path, wanted: Wanted) -> RawScan:
    """Return the k-space of a file; the key names one of several datasets.

    Raises:
        UserError: where the file holds none, or none that is Cartesian.
    """
    with opened(path) as file:
        names = datasets(file)
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
    if turned(scan, wanted.conjugate):
        grid = replace(grid, kspace=grid.kspace.conj())
    return RawScan(grid, scan, kept, heads, readouts, xml)


def datasets(file: Any) -> list[str]:
    """Return the names of the groups that hold readouts."""
    arrays = listed(file)
    tables = [name for name, array in arrays.items() if {"head", "data"} <= set(array.dtype.names or ())]
    return [name.removesuffix("/data") for name in once(arrays, tables) if name.endswith("/data")]


def turned(scan: Encoding, conjugate: bool | None) -> bool:
    """Whether k-space is conjugated, which turns the image around: by default of scanners whose directions do so.

    Siemens' directions belong to images by a forward transform of k-space.
    | https://github.com/PTB-MR/mrpro/pull/833
    | https://github.com/kspaceKelvin/python-ismrmrd-server (invertcontrast.py)
    """
    return scan.vendor.lower().startswith("siemens") if conjugate is None else conjugate


def _cartesian(xml: str) -> Encoding:
    try:
        scan = encoding(xml)
    except ValueError as error:
        raise UserError(f"its XML header is not understood ({error}); convert the scan again") from error
    if scan.trajectory not in ("", "cartesian"):
        raise UserError(f"its trajectory is {scan.trajectory}, which is not supported yet; grid the data first")
    return scan
