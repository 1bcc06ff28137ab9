"""The noise level as one more channel of a network's input."""

from torch import Tensor

from dealias.noise import noise_level
from dealias.problem import Problem

SILENCE = 1e-5  # of the image's maximum: noise below is no noise to a network that is told the level


def noise_channel(problem: Problem) -> Tensor:
    """Return the decimal logarithm of each slice's noise level, zero at 0.001 of the maximum (slice, 1, 1, 1)."""
    level = noise_level(problem).expand(*problem.shape[:-2], 1, 1).reshape(-1, 1, 1, 1)
    return level.clamp_min(SILENCE).log10() + 3
