"""Where a scan's images lie in the patient, as the headers of its readouts say."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dealias.errors import Note
from dealias.files.decouple import READOUT
from dealias.files.mrd.xml_header import Encoding
from dealias.header import Header


def header_of_readouts(scan: Encoding, heads: NDArray[Any], axis: int, first: int | None, step: int = 1) -> Header:
    """Return the header of images whose slices lie along x (0) or z (2).

    Voxels are those of the samples, not those that a scanner would interpolate; what is shown of them is what
    was not oversampled. Without sound directions, or with slices at uneven distances, the place is unknown.

    Arguments:
        heads: MRD's header of one readout per slice, or of a volume.
        first: the first slice's position in a volume, counted from its centre; None for slices of their own.
        step: from slice to slice.
    """
    order = (0, 1, 2) if axis == READOUT else (2, 0, 1)
    spacing = scan.spacing
    sizes = None if spacing is None else [spacing[i] for i in order]
    _, rows, columns = (scan.shown[i] for i in order)
    directions = np.stack([heads[0][name] for name in ("read_dir", "phase_dir", "slice_dir")]).astype(float)
    position = heads["position"].astype(float)
    trouble = ""
    if first is None and np.ptp(position, axis=0).any():
        step_between = _even_step(position)
        distance = float(np.linalg.norm(step_between))
        if distance > 0:
            directions[2] = step_between / distance
            sizes = None if sizes is None else [distance, *sizes[1:]]
        else:
            trouble = "its slices lie at uneven distances"
    if not trouble and directions.any() and not np.allclose(np.linalg.norm(directions, axis=1), 1, atol=1e-3):
        trouble = "its directions are no unit vectors"
    if trouble:
        warnings.warn(Note(f"{trouble}: images will not say where they lie in the patient"), stacklevel=5)
    voxel = None if sizes is None else (sizes[0], sizes[1], sizes[2])
    if trouble or not directions.any():
        return Header(voxel, (rows, columns)).of_slices(first or 0, step)
    x, y, z = position[0].tolist()
    along = [tuple(directions[i].tolist()) for i in order]
    header = Header(voxel, (rows, columns), {}, (along[0], along[1], along[2]), (x, y, z))
    return header.of_slices(first or 0, step)


def _even_step(position: NDArray[Any]) -> NDArray[Any]:
    """Return the step (x, y, z) from slice to slice; zero where their distances differ."""
    steps = np.diff(position, axis=0)
    mean: NDArray[Any] = steps.mean(0)
    return mean if abs(steps - mean).max() <= 0.01 * np.linalg.norm(mean) else 0 * mean
