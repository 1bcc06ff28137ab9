"""The still image that a film's data agree with best."""

import torch

from dealias.acquisition import Acquisition
from dealias.problem import Problem
from dealias.shapes import Image
from dealias.solvers.solve import solve


def temporal_mean(problem: Problem, iterations: int = 8) -> Image:
    """Return argmin_b sum_t ||A_t b - y_t||^2, a film of size 1 in time, by conjugate gradients from zero.

    With one coil that is the mean over time of what was sampled of each point of k-space, and needs none.
    """
    if isinstance(problem, Acquisition) and problem.maps is None:
        seen = problem.mask.expand(problem.kspace.shape).sum(-4).clamp_min(1)
        return torch.fft.ifft2(problem.kspace.sum(-4) / seen, norm="ortho")  # the axis of the coil is that of time now
    target = problem.zero_filled.sum(-3, keepdim=True)
    shape = problem.zero_filled.shape

    def normal(b: Image) -> Image:
        return problem.operator.normal(b.expand(shape)).sum(-3, keepdim=True)

    return solve(normal, target, iterations, 3).x


def mean_filled(problem: Problem) -> Image:
    """Return the zero-filled film, to which the still image lends what was not sampled."""
    still = temporal_mean(problem).expand(problem.zero_filled.shape)
    return still - problem.gradient(still)
