"""The field from the phases of all echoes, and how noisy it is.

    f = sum w phi / (2 pi TE) / sum w,  w = (|S| TE)^2;  its deviation is 1 / (2 pi sqrt(sum w)) times that of the noise

| Nonlinear formulation of the magnetic field to source relationship for robust quantitative susceptibility mapping
| (Liu et al., 2013) | https://doi.org/10.1002/mrm.24272
| Recommended implementation of quantitative susceptibility mapping for clinical research in the brain (QSM Consensus
| Organization Committee, 2024), on the combination of echoes | https://doi.org/10.1002/mrm.30006

A phase that differs from the fitted line by more than half a turn is wrapped: it is turned back, and the line fitted
again, which is where the fit of the complex echoes ends too.
"""

from collections.abc import Sequence

import torch

from dealias.shapes import EchoVolumes, Region, Volume
from dealias.susceptibility.units import radians
from dealias.susceptibility.unwrap import wrap

PASSES = 3


def field_map(
    phase: EchoVolumes, magnitude: EchoVolumes, echo_times: Sequence[float], field_strength: float, mask: Region
) -> tuple[Volume, Volume]:
    """Return the field (z, y, x) and its standard deviation, in parts per million.

    The noise of the echoes is taken from how far their phases lie from the fit in the mask, outside of which the field
    is zero and its deviation infinite.

    Arguments:
        phase: (echo, z, y, x), unwrapped and zero at time zero.
        magnitude: (echo, z, y, x).
        echo_times: seconds.
        field_strength: tesla.
        mask: (z, y, x), True where there is signal.
    """
    scale = phase.new_tensor([radians(field_strength, t) for t in echo_times])[:, None, None, None]
    weight = (magnitude * scale).square()
    total = weight.sum(0)
    seen = (total > 0) & mask
    total = torch.where(total > 0, total, 1)
    whole = phase
    for _ in range(PASSES):
        field = (weight * whole / scale).sum(0) / total
        rest = wrap(phase - scale * field)
        whole = scale * field + rest
    field = (weight * whole / scale).sum(0) / total
    rest = (magnitude * wrap(phase - scale * field)).square().sum(0) / max(len(phase) - 1, 1)
    noise = rest[seen].median().sqrt() if bool(seen.any()) else rest.new_zeros(())
    return torch.where(seen, field, 0), torch.where(seen, noise / total.sqrt(), float("inf"))


def fit_quality(phase: EchoVolumes, magnitude: EchoVolumes, field: Volume, scale: Sequence[float]) -> Volume:
    """Return how well the echoes follow the fitted field (z, y, x), from 0 to 1.

    It is the length of the magnitude-weighted mean of exp(i residual), which noise, flow and air lower.

    Arguments:
        scale: radians that one part per million makes at every echo.
    """
    turns = phase.new_tensor(scale)[:, None, None, None]
    rest = torch.polar(magnitude, phase - turns * field).sum(0).real
    total = magnitude.sum(0)
    return (rest / torch.where(total > 0, total, 1)).clamp_min(0)
