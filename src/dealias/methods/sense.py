"""CG-SENSE: the least-squares image of all coils, by conjugate gradients on the normal equations.

    min_x ||A x - y||^2 + lambda ||x||^2,  that is  (A^H A + lambda) x = A^H y

| Advances in sensitivity encoding with arbitrary k-space trajectories (Pruessmann et al., 2001)
| https://doi.org/10.1002/mrm.1241
"""

from collections.abc import Iterator

from torch import Tensor

from dealias.method import Method
from dealias.problem import Problem
from dealias.solvers.conjugate_gradient import conjugate_gradient


class Sense(Method):
    """Conjugate gradients from zero; few iterations regularise where lambda does not.

    Arguments:
        iterations: of the conjugate gradients.
        regularisation: lambda, in units of the largest eigenvalue of A^H A, one for maps of unit root sum of
            squares.
    """

    def __init__(self, iterations: int = 30, regularisation: float = 0.0) -> None:
        super().__init__()
        self.iterations = iterations
        self.regularisation = regularisation

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one image per iteration."""

        def normal(x: Tensor) -> Tensor:
            x_seen = problem.operator.normal(x)
            return x_seen + self.regularisation * x if self.regularisation else x_seen

        return conjugate_gradient(normal, problem.zero_filled, self.iterations, self.together(problem))
