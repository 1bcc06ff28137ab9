"""How fast the signal fades: R2* from the magnitudes of all echoes.

    min over R2*, log S0 of sum |S_n|^2 (log |S_n| - log S0 + TE_n R2*)^2

| Formal characterization and extension of the linearized diffusion tensor model (Salvador et al., 2005): the weights
| https://doi.org/10.1002/hbm.20076

The logarithm of a noisy magnitude has a variance of one over |S|^2, hence the weights.
"""

from collections.abc import Sequence

import torch

from dealias.shapes import EchoVolumes, Region, Volume


def relaxation_rate(magnitude: EchoVolumes, echo_times: Sequence[float], mask: Region) -> Volume:
    """Return R2* (z, y, x) in 1/s, zero outside the mask and where the signal grows.

    Arguments:
        magnitude: (echo, z, y, x).
        echo_times: seconds.
    """
    times = magnitude.new_tensor([*echo_times])[:, None, None, None]
    largest = magnitude.max()
    size = magnitude / torch.where(largest > 0, largest, 1)
    weight = size.square()
    logarithm = size.clamp_min(torch.finfo(size.dtype).tiny).log()
    total = weight.sum(0)
    seen = (total > 0) & mask
    total = torch.where(total > 0, total, 1)
    centre = (weight * times).sum(0) / total
    level = (weight * logarithm).sum(0) / total
    away = times - centre
    spread = (weight * away.square()).sum(0)
    slope = (weight * away * (logarithm - level)).sum(0) / torch.where(spread > 0, spread, 1)
    return torch.where(seen, -slope, 0).clamp_min(0)
