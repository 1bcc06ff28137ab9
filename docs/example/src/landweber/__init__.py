"""Landweber's iteration: gradient descent on the squared residual.

    x_{k+1} = x_k - s A^H (A x_k - y)

| An iteration formula for Fredholm integral equations of the first kind (Landweber, 1951)
| https://doi.org/10.2307/2372313
"""

from collections.abc import Iterator

from torch import Tensor

from dealias import Method, Problem


class Landweber(Method):
    """Gradient steps from the zero-filled image.

    Arguments:
        iterations: how many steps.
        step: of the descent; below 2, for coil maps of unit root sum of squares.
    """

    def __init__(self, iterations: int = 50, step: float = 1.0) -> None:
        super().__init__()
        self.iterations = iterations
        self.step = step

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one image per step."""
        x = problem.zero_filled
        for _ in range(self.iterations):
            x = x - self.step * problem.gradient(x)
            yield x
