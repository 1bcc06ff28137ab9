"""Where there is a brain whose phase can be trusted.

Magnitude and quality of the phase are cut at Otsu's threshold; what thin bridges join is parted, the largest piece is
kept, its holes are filled, and its edge is peeled.

| A threshold selection method from gray-level histograms (Otsu, 1979)
| https://doi.org/10.1109/TSMC.1979.4310076
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, distance_transform_edt, label

from dealias.errors import UserError
from dealias.shapes import Region, Volume

BINS = 256
POOR = 0.9  # of the quality of a phase
BRIGHT, SIGNAL = 99, 0.1  # per cent of voxels darker than what is bright; the share of it above which there is signal


def signal_mask(magnitude: Volume) -> Region:
    """Return where (z, y, x) there is signal rather than noise: more than a tenth of what is bright."""
    bright = np.percentile(magnitude.numpy(force=True), BRIGHT)
    return magnitude > SIGNAL * float(bright)


def brain_mask(
    magnitude: Volume,
    quality: Volume,
    voxel_size: Sequence[float],
    *,
    opening: float = 3.0,
    erosion: float = 1.0,
) -> Region:
    """Return the brain (z, y, x).

    Arguments:
        magnitude: (z, y, x), of all echoes together.
        quality: of the phase, from 0 to 1.
        voxel_size: millimetres along (z, y, x).
        opening: half the width, in millimetres, of bridges that join the brain to what is no brain.
        erosion: layers of voxels to peel off.

    Raises:
        UserError: where nothing is left.
    """
    bright, good = magnitude.numpy(force=True), quality.numpy(force=True)
    inside = bright > otsu(bright)
    inside &= good > POOR
    core = _largest(_eroded(inside, opening, voxel_size))
    grown = _dilated(core, opening + min(voxel_size), voxel_size) & inside
    filled = binary_fill_holes(grown)
    result = torch.from_numpy(_eroded(filled, erosion, (1.0, 1.0, 1.0)))
    if not bool(result.any()):
        raise UserError("no brain was found in the magnitude; give a mask with --mask")
    return result


def otsu(values: NDArray[np.floating]) -> float:
    """Return the threshold that parts values into two classes of least variance."""
    counts, edges = np.histogram(values, BINS, (0.0, float(np.percentile(values, 99.5)) or 1.0))
    middle = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    moment = np.cumsum(counts * middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (moment / below - (moment[-1] - moment) / above) ** 2
    return float(edges[1 + np.nanargmax(np.nan_to_num(between, nan=-1.0))])


def eroded(mask: Region, distance: float, voxel_size: Sequence[float]) -> Region:
    """Return what of a mask (z, y, x) lies farther than so many millimetres from its edge."""
    return torch.from_numpy(_eroded(mask.numpy(force=True), distance, voxel_size))


def _eroded(mask: NDArray[np.bool_], distance: float, voxel_size: Sequence[float]) -> NDArray[np.bool_]:
    padded = np.pad(mask, 1)  # outside the volume nothing is inside
    inside: NDArray[np.bool_] = distance_transform_edt(padded, voxel_size) > distance
    return inside[1:-1, 1:-1, 1:-1] & mask


def _dilated(mask: NDArray[np.bool_], distance: float, voxel_size: Sequence[float]) -> NDArray[np.bool_]:
    if not mask.any():
        return mask
    near: NDArray[np.bool_] = distance_transform_edt(~mask, voxel_size) <= distance
    return near


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    pieces, count = label(mask)
    if count < 2:
        return mask
    largest: NDArray[np.bool_] = pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:])
    return largest
