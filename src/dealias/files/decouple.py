"""A volume of Cartesian k-space as images that can be solved one by one.

Along an axis that is fully sampled the inverse Fourier transform is exact and unitary, so that each of its
positions is a problem of its own: slices along the second phase encoding where that is fully sampled, else one
image of both phase encodings per readout position.
"""

import warnings

import numpy as np
from numpy.typing import NDArray

from dealias.errors import Note

READOUT, SECOND = 0, 2


def decouple(
    kspace: NDArray[np.complex64], sampled: NDArray[np.bool_]
) -> tuple[NDArray[np.complex64], NDArray[np.bool_], int]:
    """Return centred k-space (slice, *batch, coil, rows, columns), the mask of its images, and how they lie.

    The number says which axis the slices lie along: 2 the second phase encoding z, with x and y in each; 0
    the readout x, with y and z in each.

    Arguments:
        kspace: centred (*batch, coil, x, y, z).
        sampled: likewise, without coils.
    """
    axis = SECOND if _all_or_none(sampled, SECOND - 3) else READOUT
    if axis == READOUT and not _all_or_none(sampled, READOUT - 3):
        warnings.warn(Note("the readout is not fully sampled: what is missing of it counts as zero"), stacklevel=2)
    mask = np.asarray(sampled.any(axis - 3))[None, ..., None, :, :]
    return np.moveaxis(centred_inverse(kspace, axis - 3), axis - 3, 0), mask, axis


def _all_or_none(sampled: NDArray[np.bool_], axis: int) -> bool:
    return bool((sampled.all(axis) == sampled.any(axis)).all())


def centred_inverse(kspace: NDArray[np.complex64], axis: int) -> NDArray[np.complex64]:
    """Return the centred, unitary inverse transform along one axis, in single precision."""
    image = np.fft.ifft(np.fft.ifftshift(kspace, axes=axis), axis=axis, norm="ortho")
    return np.fft.fftshift(image, axes=axis).astype(np.complex64)
