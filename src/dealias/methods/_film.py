"""What the methods that see a whole film have in common."""

from dataclasses import replace

from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.problem import Problem
from dealias.shapes import Image
from dealias.solvers.conjugate_gradient import conjugate_gradient


def consistent(problem: Problem, x: Image, weight: float | None, iterations: int) -> Image:
    """Return the image nearest to x that obeys the data: argmin_z ||z - x||^2 + weight ||A z - y||^2.

    With one coil a sampled entry of k-space becomes (k + weight y) / (1 + weight), and y where `weight` is None,
    infinite; with many, conjugate gradients solve (1 + weight A^H A) (z - x) = -weight A^H (A x - y).

    Arguments:
        iterations: of the conjugate gradients.
    """
    gradient = problem.gradient(x)
    if isinstance(problem, Acquisition) and problem.maps is None:  # then A^H A is a projection
        return x - (gradient if weight is None else weight / (1 + weight) * gradient)

    def normal(d: Tensor) -> Tensor:
        seen = problem.operator.normal(d)
        return seen if weight is None else d + weight * seen

    right = -gradient if weight is None else -weight * gradient
    d = right
    for d in conjugate_gradient(normal, right, iterations, problem.dimensions):  # noqa: B007 - the last is the answer
        pass
    return x + d


def upright(problem: Problem) -> tuple[Problem, bool]:
    """Return the problem with its sampled lines along y, and whether rows and columns changed places for it.

    A network that learned aliasing along x does not know aliasing along y.
    """
    if not isinstance(problem, Acquisition) or problem.operator.axes != (-2,):
        return problem, False
    maps, noise_std = (None if value is None else value.mT for value in (problem.maps, problem.noise_std))
    return replace(problem, kspace=problem.kspace.mT, mask=problem.mask.mT, maps=maps, noise_std=noise_std), True


def check_film(problem: Problem, name: str) -> None:
    """Raise where there is but one frame."""
    shape = problem.shape
    if len(shape) < 3 or shape[-3] < 2:
        raise UserError(f"{name} needs a film of two frames or more, and this is one; use --method rim for images")


def check_weight(weight: float | None) -> None:
    """Raise where the data cannot weigh that much."""
    if weight is not None and not 0 <= weight < float("inf"):
        raise UserError(f"data_weight {weight} is impossible; give zero or more, or none for infinite")
