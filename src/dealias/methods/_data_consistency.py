"""The image nearest to another that obeys the data, as the cascades of networks for films alternate with."""

from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.problem import Problem
from dealias.shapes import Image
from dealias.solvers.conjugate_gradient import conjugate_gradient


def data_consistency(problem: Problem, x: Image, weight: float | None, iterations: int) -> Image:
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
