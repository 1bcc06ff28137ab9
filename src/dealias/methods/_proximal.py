"""The data step of methods that alternate between a denoiser and the data."""

from torch import Tensor

from dealias.problem import Problem
from dealias.shapes import Image
from dealias.solvers.solve import solve

QUIETEST = 1e-3  # noise of the data, of the image's maximum, below which they weigh no more


def proximal_step(problem: Problem, x: Image, weight: Tensor, iterations: int) -> Image:
    """Return argmin_z ||A z - y||^2 + weight ||z - x||^2, by conjugate gradients.

    Arguments:
        weight: a number for each problem, its axes kept.
        iterations: how many conjugate gradients.
    """

    def normal(d: Tensor) -> Tensor:
        return problem.operator.normal(d) + weight * d

    return x - solve(normal, problem.gradient(x), iterations, problem.coupled).x
