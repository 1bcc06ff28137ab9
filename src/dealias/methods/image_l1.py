"""Compressed sensing of images that are sparse themselves, such as angiograms, by FISTA with restart.

    min_x 1/2 ||A x - y||^2 + lambda ||x||_1

| Sparse MRI: the application of compressed sensing for rapid MR imaging (Lustig et al., 2007), equation A1 with the
| identity as its transform, as in its angiography
| https://doi.org/10.1002/mrm.21391
"""

from collections.abc import Iterator

from torch import Tensor

from dealias.method import Method
from dealias.methods._regularisation import check_regularisation, strength
from dealias.problem import Problem
from dealias.solvers.proximal_gradient import largest_eigenvalue, proximal_gradient
from dealias.solvers.shrinkage import soft_threshold

LOWEST = 0.001  # of lambda where it is found; less only slows convergence


class ImageL1(Method):
    """The image of few bright pixels.

    Arguments:
        iterations: of FISTA, from the zero-filled image.
        regularisation: lambda, in units of the largest magnitude of A^H y; None: the noise level, or where
            that is unknown an eighth of what half of the pixels of A^H y stay below.
    """

    def __init__(self, iterations: int = 100, regularisation: float | None = None) -> None:
        super().__init__()
        check_regularisation(regularisation)
        self.iterations = iterations
        self.regularisation = regularisation

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one image per iteration."""
        start = problem.zero_filled
        size = largest_eigenvalue(problem.operator.normal, start, 4, self.together(problem))
        step = 1 / size
        coupled = problem.coupled

        def of_image(x: Tensor) -> Tensor:
            """Most pixels are empty: what they show is noise and aliasing."""
            median = x.abs().flatten(x.ndim - coupled).median(-1).values
            return median.reshape(*median.shape, *(1,) * coupled) / 8

        given = self.regularisation
        threshold = step * strength(problem, given, size, of_noise=1, of_image=of_image, lowest=LOWEST)

        def proximal(x: Tensor) -> Tensor:
            return soft_threshold(x, threshold)

        return proximal_gradient(problem.gradient, proximal, start, step, self.iterations, self.together(problem))
