"""Low rank plus sparse: a background that changes in few ways, and what moves in few temporal frequencies.

    min_{L, S} 1/2 ||A (L + S) - y||^2 + lambda_L sum_i s_i(L) + lambda_S ||F_t S||_1,  x = L + S

| Low-rank plus sparse matrix decomposition for accelerated dynamic MRI (Otazo, Candes and Sodickson, 2015),
| equation 4 | https://doi.org/10.1002/mrm.25240

s_i are the singular values of L with a row for every frame and a column for every pixel, F_t is the Fourier
transform along time. Both parts take one proximal gradient step at once, accelerated with restart, instead of
one after the other: the same minimum in fewer steps. Both lambda fall geometrically to their values over two
thirds of the iterations.

| Efficient dynamic parallel MRI reconstruction for the low-rank plus sparse model (Lin and Fessler, 2019)
| https://doi.org/10.1109/TCI.2018.2882089
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.method import Method
from dealias.methods._noise_of_film import largest_singular_value_of_noise, noise_of_film
from dealias.methods._temporal_mean import mean_filled
from dealias.operators.temporal_fourier import TemporalFourier
from dealias.problem import Problem
from dealias.shapes import Image
from dealias.solvers.proximal_gradient import largest_eigenvalue, proximal_gradient
from dealias.solvers.shrinkage import soft_threshold
from dealias.solvers.singular_values import largest_singular_value, shrink_singular_values

# what both lambda are at first, as a multiple of their values
HIGHEST = 100.0
# both lambda by themselves where there is little noise; a factor of three either way changes the mean over three
# measured films and two hearts at 6x by less than half a decibel
LOWEST = 5e-3


class LowRankSparse(Method):
    """The sum of a film of low rank and one of few temporal frequencies.

    Arguments:
        iterations: of the accelerated proximal gradients.
        low_rank: lambda_L, in units of the largest singular value of the first film; None: by the noise.
        sparse: lambda_S, in units of the largest magnitude of A^H y; None: by the noise.
        tolerance: relative change of a film at which it rests; zero never.
    """

    joint = ("time",)

    def __init__(
        self,
        iterations: int = 60,
        low_rank: float | None = None,
        sparse: float | None = None,
        tolerance: float = 0.0,
    ) -> None:
        super().__init__()
        given = [value for value in (low_rank, sparse, tolerance) if value is not None]
        if not all(0 <= value < float("inf") for value in given):
            raise UserError("low_rank, sparse and tolerance are zero or more; correct them")
        self.iterations = iterations
        self.low_rank = low_rank
        self.sparse = sparse
        self.tolerance = tolerance

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one film per iteration."""
        films = (parts.sum(-4) for parts in self._parts(problem))
        return films

    def _parts(self, problem: Problem) -> Iterator[Image]:
        """Yield L and S, stacked on axis -4."""
        start = mean_filled(problem)
        fourier = TemporalFourier()
        real = not start.is_complex()
        # both parts see the same residual, so together they feel twice the operator's norm
        step = 0.5 / largest_eigenvalue(problem.operator.normal, start, 4, self.together(problem))
        low, sparse = self._weights(problem, start)
        factors = self._factors()

        def gradient(parts: Image) -> Image:
            return problem.gradient(parts.sum(-4)).unsqueeze(-4).expand(parts.shape)

        def proximal(parts: Image) -> Image:
            factor = next(factors)
            rank, moving = parts.unbind(-4)
            rank = shrink_singular_values(rank, step * (factor * low))
            moving = fourier.adjoint(soft_threshold(fourier(moving), step * (factor * sparse)))
            return torch.stack((rank, moving.real if real else moving), -4)

        parts = torch.stack((start, torch.zeros_like(start)), -4)
        return proximal_gradient(gradient, proximal, parts, step.unsqueeze(-4), self.iterations, 4)

    def _weights(self, problem: Problem, x: Image) -> tuple[Tensor, Tensor]:
        """Return both lambda of each film (*batch, 1, 1, 1)."""
        size = largest_singular_value(x)
        low, sparse = (torch.full_like(size, value or 0) for value in (self.low_rank, self.sparse))
        noise = noise_of_film(problem)
        if self.low_rank is None:
            low = LOWEST + 0.1 * largest_singular_value_of_noise(noise, x.shape) / torch.where(size > 0, size, 1)
        return low * size, LOWEST + 0.25 * noise if self.sparse is None else sparse

    def _factors(self) -> Iterator[float]:
        falling = self.iterations * 2 // 3
        for k in range(self.iterations):
            yield HIGHEST ** (1 - k / falling) if k < falling else 1.0
