"""Phase that was there before the first echo: every coil's own is found and removed, and the coils are combined.

    p = wrap(phi_2 - phi_1) over all coils, unwrapped;  phi0_c = phi_c1 - p TE_1 / (TE_2 - TE_1), smoothed
    S_n = sum_c |S_c1| S_cn exp(-i phi0_c) / |S_1|

| Computationally efficient combination of multi-channel phase data from multi-echo acquisitions (ASPIRE)
| (Eckstein et al., 2018): MCPC-3D-S
| https://doi.org/10.1002/mrm.26963
"""

from collections.abc import Sequence

import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from dealias.shapes import EchoVolumes, Region
from dealias.susceptibility.unwrap import edge_quality, unwrap


def combined(
    echoes: Tensor, echo_times: Sequence[float], mask: Region, smoothing: Sequence[float] = (2.0, 2.0, 2.0)
) -> EchoVolumes:
    """Return complex echoes (echo, z, y, x) whose phase is zero at time zero, of all coils.

    Arguments:
        echoes: complex (echo, coil, z, y, x); one coil has an offset too.
        echo_times: seconds.
        mask: (z, y, x), True where there is signal.
        smoothing: standard deviation in voxels along (z, y, x) of what an offset is averaged over.
    """
    offset = coil_offsets(echoes, echo_times, mask, smoothing)
    weight = echoes[0].abs()
    size = torch.linalg.vector_norm(weight, dim=0)
    turned = (echoes * (weight * offset.conj())).sum(1)
    return turned / torch.where(size > 0, size, 1)


def coil_offsets(
    echoes: Tensor, echo_times: Sequence[float], mask: Region, smoothing: Sequence[float] = (2.0, 2.0, 2.0)
) -> Tensor:
    """Return the phase factor exp(i phi0) of every coil (coil, z, y, x); arguments as in `combined`."""
    first, second = echo_times[0], echo_times[1]
    product = (echoes[0].conj() * echoes[1]).sum(0)
    difference = product.angle()
    advance = unwrap(difference, mask, edge_quality(difference, product.abs().sqrt()))
    start = torch.polar(mask.to(advance), -advance * first / (second - first))
    offsets = []
    for coil in echoes[0]:
        seen = coil * start
        smooth = torch.complex(*(_blurred(part, smoothing) for part in (seen.real, seen.imag)))
        size = smooth.abs()
        offsets.append(torch.where(size > 0, smooth / torch.where(size > 0, size, 1), 1))
    return torch.stack(offsets)


def _blurred(volume: Tensor, deviation: Sequence[float]) -> Tensor:
    return torch.from_numpy(gaussian_filter(volume.numpy(force=True), tuple(deviation), mode="constant")).to(volume)
