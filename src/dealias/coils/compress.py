"""Fewer virtual coils that hold most of the signal: the principal components of the coils' k-space.

    k' = U^H k,  with U the first eigenvectors of sum k k^H

| A software channel compression technique for faster reconstruction with many channels (Huang et al., 2008)
| https://doi.org/10.1016/j.mri.2007.04.010
"""

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.coils._mixed import mixed, times
from dealias.coils.covariance import Covariance
from dealias.errors import UserError


def covariance(acquisition: Acquisition) -> Covariance:
    """Return sum k k^H over all samples of a scan, which decides what its coils are compressed to."""
    return Covariance.of(acquisition.kspace.movedim(-3, 0).flatten(1))


def compress(
    acquisition: Acquisition, coils: int | None = None, *, energy: float = 0.99, whole: Covariance | None = None
) -> Acquisition:
    """Return the acquisition as fewer virtual coils saw it, strongest first; slices and frames share them.

    Maps are compressed too and brought to unit root sum of squares, and so is the noise level of each coil.

    Arguments:
        coils: how many to keep; None is as few as hold the share `energy`.
        energy: of all sampled k-space.
        whole: the covariance of the whole scan, where the acquisition is some of its slices.

    Raises:
        UserError: for more coils than there are or fewer than one, or an impossible share.
    """
    given = acquisition.coils
    if coils is not None and not 1 <= coils <= given:
        raise UserError(f"{given} coils cannot be compressed to {coils}; give 1 to {given}")
    if not 0 < energy <= 1:
        raise UserError(f"{energy:g} of the energy cannot be kept; give a share from 0 to 1, such as 0.99")
    total = (whole or covariance(acquisition)).total
    values, vectors = torch.linalg.eigh(total / total.abs().max().clamp_min(torch.finfo(torch.float64).tiny))
    if coils is None:
        shares = values.flip(0).cumsum(0) / values.sum().clamp_min(torch.finfo(torch.float64).tiny)
        coils = min(given, int((shares < energy - 1e-12).sum()) + 1)
    kept = vectors.flip(1)[:, :coils]
    return mixed(acquisition, kept.mH, _of_virtual_coils(acquisition.noise_std, kept.abs().square().mT))


def _of_virtual_coils(noise_std: Tensor | None, weights: Tensor) -> Tensor | None:
    """Return the deviation of each virtual coil's noise; one that is shared by all coils stays."""
    if noise_std is None or noise_std.shape[-3] == 1:
        return noise_std
    return times(weights, noise_std.square()).sqrt()
