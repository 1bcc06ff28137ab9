"""The image nearest to another that obeys the data, as the cascades of networks for films alternate with."""

from torch import Tensor

from dealias.problem import Problem
from dealias.shapes import Image
from dealias.solvers.solve import solve


def data_consistency(problem: Problem, x: Image, weight: float | None, iterations: int) -> Image:
    """Return the image nearest to x that obeys the data: argmin_z ||z - x||^2 + weight ||A z - y||^2.

    With one coil a sampled entry of k-space becomes (k + weight y) / (1 + weight), and y where `weight` is None,
    infinite; with many, conjugate gradients solve (1 + weight A^H A) (z - x) = -weight A^H (A x - y).

    Arguments:
        iterations: of the conjugate gradients.
    """
    gradient = problem.gradient(x)
    if problem.operator.projects:
        return x - (gradient if weight is None else weight / (1 + weight) * gradient)

    def normal(d: Tensor) -> Tensor:
        seen = problem.operator.normal(d)
        return seen if weight is None else d + weight * seen

    right = -gradient if weight is None else -weight * gradient
    return x + solve(normal, right, iterations, len(problem.axes)).x
