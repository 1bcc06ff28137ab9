"""How noisy a film is, where a method needs to know."""

import torch
from torch import Tensor

from dealias.noise import noise_level
from dealias.problem import Problem


def noise_of_film(problem: Problem) -> Tensor:
    """Return the standard deviation of each part of a sample (*batch, 1, 1, 1), estimated where it is not known."""
    told = problem.noise_level
    return noise_level(problem).median(-3, keepdim=True).values if told is None else told.amax(-3, keepdim=True)


def largest_singular_value_of_noise(noise: Tensor, shape: torch.Size) -> Tensor:
    """Return about the largest singular value that noise of this level has, with a row for every frame.

    | Non-asymptotic theory of random matrices: extreme singular values (Rudelson and Vershynin, 2010), section 2
    | https://arxiv.org/abs/1003.2990
    """
    return 2**0.5 * noise * (shape[-3] ** 0.5 + (shape[-2] * shape[-1]) ** 0.5)
