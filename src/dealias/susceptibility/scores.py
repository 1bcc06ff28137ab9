"""How near a map of susceptibility comes to the truth, in a mask, without the means of both.

    NRMSE = |found - truth| / |truth|;  detrended: of (found - c) / s, where found = s truth + c fits best

| 2016 QSM reconstruction challenge (Langkammer et al., 2018): NRMSE, HFEN
| https://doi.org/10.1002/mrm.26830
| QSM reconstruction challenge 2.0: design and report of results (QSM Challenge 2.0 Organization Committee, 2021):
| detrending, slope | https://doi.org/10.1002/mrm.28754
| XSIM: a structural similarity index measure optimized for MRI QSM (Milovic et al., 2025)
| https://doi.org/10.1002/mrm.30271
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_laplace, uniform_filter
from torch import Tensor

from dealias.shapes import Region, Volume

WINDOW = 5  # voxels along each axis, of XSIM
FIRST, SECOND = 0.01**2, 0.001**2  # what keeps its quotients finite, in ppm^2
LAPLACIAN = 1.5  # voxels


def nrmse(found: Volume, truth: Volume, mask: Region) -> float:
    """Return the error over the truth, both without their means."""
    got, wanted = _values(found, truth, mask)
    return float(np.linalg.norm(got - wanted) / np.linalg.norm(wanted))


def slope(found: Tensor, truth: Tensor) -> float:
    """Return the slope of the line through (truth, found), of volumes or of the means of regions."""
    got, wanted = (t.double().numpy(force=True).ravel() for t in (found, truth))
    wanted = wanted - wanted.mean()
    return float(((got - got.mean()) * wanted).sum() / np.square(wanted).sum())


def detrended_nrmse(found: Volume, truth: Volume, mask: Region) -> float:
    """Return the NRMSE of a map that was brought to the truth's scale."""
    return nrmse(found / slope(found[mask], truth[mask]), truth, mask)


def hfen(found: Volume, truth: Volume, mask: Region) -> float:
    """Return the NRMSE of what a Laplacian of a Gaussian leaves: edges. Outside the mask both are zero."""
    got, wanted = (gaussian_laplace(volume, LAPLACIAN) for volume in _volumes(found, truth, mask))
    return float(np.linalg.norm(got - wanted) / np.linalg.norm(wanted))


def xsim(found: Volume, truth: Volume, mask: Region) -> float:
    """Return the mean structural similarity in the mask; of susceptibilities in parts per million."""
    got, wanted = _volumes(found, truth, mask)

    def mean(volume: NDArray[Any]) -> NDArray[Any]:
        return uniform_filter(volume, WINDOW)

    a, b = mean(got), mean(wanted)
    spread = mean(got * got) - a * a + mean(wanted * wanted) - b * b
    together = mean(got * wanted) - a * b
    likeness = (2 * a * b + FIRST) * (2 * together + SECOND) / ((a * a + b * b + FIRST) * (spread + SECOND))
    return float(likeness[mask.numpy(force=True)].mean())


def _values(found: Volume, truth: Volume, mask: Region) -> tuple[NDArray[Any], NDArray[Any]]:
    got, wanted = (volume[mask].double().numpy(force=True) for volume in (found, truth))
    return got - got.mean(), wanted - wanted.mean()


def _volumes(found: Volume, truth: Volume, mask: Region) -> tuple[NDArray[Any], NDArray[Any]]:
    inside = mask.numpy(force=True)
    volumes = []
    for values in _values(found, truth, mask):
        volume = np.zeros(inside.shape)
        volume[inside] = values
        volumes.append(volume)
    return volumes[0], volumes[1]
