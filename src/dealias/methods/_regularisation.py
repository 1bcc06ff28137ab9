"""How strong a sparsity is by itself: as strong as the noise, or as what sparsity shows of noise and aliasing."""

from collections.abc import Callable

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.problem import Problem


def check_regularisation(value: float | None) -> None:
    """Raise for a lambda below zero or without end."""
    if not (value is None or 0 <= value < float("inf")):
        raise UserError(f"a regularisation of {value} is impossible; give zero or more")


def strength(
    problem: Problem,
    given: float | None,
    largest: Tensor,
    *,
    of_noise: float,
    of_image: Callable[[Tensor], Tensor],
    lowest: float,
) -> Tensor:
    """Return lambda of each problem, in units of the largest magnitude of A^H y.

    Arguments:
        given: what the user wants of all; None is by itself.
        largest: eigenvalue of A^H A of each problem, its axes kept: the noise of A^H y grows with its root.
        of_noise: lambda by itself as a multiple of the noise in A^H y, where the noise level is told.
        of_image: what takes its place where it is not told: lambda by what A^H y shows of noise and aliasing together.
        lowest: lambda by itself is at least that.
    """
    start = problem.zero_filled
    if given is not None:
        return torch.as_tensor(given, dtype=start.real.dtype, device=start.device)
    noise = problem.noise_level
    by_itself = of_image(start) if noise is None else of_noise * noise * largest.sqrt()
    return by_itself.clamp_min(lowest)
