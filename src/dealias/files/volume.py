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


def decoupled(kspace: NDArray[np.complex64]) -> tuple[NDArray[np.complex64], int]:
    """Return centred k-space (*batch, coil, x, y, z) as images' (slice, *batch, coil, rows, columns), and how.

    The number says which axis the slices lie along: 2 the second phase encoding z, with x and y in each; 0
    the readout x, with y and z in each.
    """
    sampled = (kspace != 0).any(axis=-4)  # in any coil
    if _all_or_none(sampled, -1):
        return np.moveaxis(centred_inverse(kspace, -1), -1, 0), SECOND
    if not _all_or_none(sampled, -3):
        warnings.warn(Note("the readout is not fully sampled: what is missing of it counts as zero"), stacklevel=2)
    return np.moveaxis(centred_inverse(kspace, -3), -3, 0), READOUT


def _all_or_none(sampled: NDArray[np.bool_], axis: int) -> bool:
    return bool((sampled.all(axis) == sampled.any(axis)).all())


def centred_inverse(kspace: NDArray[np.complex64], axis: int) -> NDArray[np.complex64]:
    """Return the centred, unitary inverse transform along one axis, in single precision."""
    image = np.fft.ifft(np.fft.ifftshift(kspace, axes=axis), axis=axis, norm="ortho")
    return np.fft.fftshift(image, axes=axis).astype(np.complex64)
