"""How noisy a film is, where a method needs to know."""

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.noise import estimate_noise
from dealias.operators.wavelet import Wavelet, noise_deviation
from dealias.problem import Problem


def noise_of_film(problem: Problem) -> Tensor:
    """Return the standard deviation of each part of a sample (*batch, 1, 1, 1), estimated where it is not known."""
    if problem.noise_level is not None:
        known = problem.noise_level
        return known.amax(-3, keepdim=True)
    if isinstance(problem, Acquisition):
        return estimate_noise(problem).median(-1).values[..., None, None, None]
    return noise_deviation(Wavelet(1)(problem.zero_filled)).median(-3, keepdim=True).values


def largest_singular_value_of_noise(noise: Tensor, shape: torch.Size) -> Tensor:
    """Return about the largest singular value that noise of this level has, with a row for every frame.

    | Non-asymptotic theory of random matrices: extreme singular values (Rudelson and Vershynin, 2010), section 2
    | https://arxiv.org/abs/1003.2990
    """
    return 2**0.5 * noise * (shape[-3] ** 0.5 + (shape[-2] * shape[-1]) ** 0.5)
