"""The data step of methods that alternate between a denoiser and the data."""

from torch import Tensor

from dealias.noise import noise_level
from dealias.problem import Problem
from dealias.shapes import Image
from dealias.solvers.solve import solve

QUIETEST = 1e-3  # noise of the data, of the image's maximum, below which they weigh no more


def proximal_step(problem: Problem, x: Image, sigma: float, prior_weight: float, iterations: int) -> Image:
    """Return argmin_z ||A z - y||^2 + rho ||z - x||^2, rho = prior_weight sigma_y^2 / sigma^2, by conjugate gradients.

    Arguments:
        x: what the denoiser made of an image with noise of deviation `sigma`.
        iterations: how many conjugate gradients.
    """
    rho = prior_weight * noise_level(problem).clamp_min(QUIETEST).square() / sigma**2

    def normal(d: Tensor) -> Tensor:
        return problem.operator.normal(d) + rho * d

    return x - solve(normal, problem.gradient(x), iterations, problem.coupled).x
