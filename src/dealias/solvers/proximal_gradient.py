"""Accelerated proximal gradients (FISTA) with adaptive restart.

    x_k = prox(y_k - step grad f(y_k)),  y_{k+1} = x_k + (t_k - 1) / t_{k+1} (x_k - x_{k-1}),
    t_{k+1} = (1 + sqrt(1 + 4 t_k^2)) / 2, and t = 1 anew where <y_k - x_k, x_k - x_{k-1}> > 0

| A fast iterative shrinkage-thresholding algorithm (Beck and Teboulle, 2009), equations 4.1-4.3
| https://doi.org/10.1137/080716542
| Adaptive restart for accelerated gradient schemes (O'Donoghue and Candes, 2015), section 3.2
| https://doi.org/10.1007/s10208-013-9150-3
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from dealias.solvers.inner_product import inner_product


def proximal_gradient(
    gradient: Callable[[Tensor], Tensor],
    proximal: Callable[[Tensor], Tensor],
    start: Tensor,
    step: Tensor | float,
    iterations: int,
    dimensions: int = 2,
) -> Iterator[Tensor]:
    """Yield ever better minimisers of f + g, each leading index a problem of its own with its own restarts.

    Arguments:
        gradient: of the smooth part f.
        proximal: argmin over x of |x - z|^2 / (2 step) + g(x), as a map of z.
        start: the first guess, with any leading axes before the `dimensions` of one problem.
        step: at most 1 / Lipschitz constant of the gradient; a number, or one per problem with its axes kept.
        iterations: how many to yield.
        dimensions: trailing axes of one problem.
    """
    x = y = start
    t = torch.ones_like(inner_product(start, start, dimensions))
    for _ in range(iterations):
        last, x = x, proximal(y - step * gradient(y))
        change = x - last
        t = torch.where(inner_product(y - x, change, dimensions) > 0, 1, t)
        following = (1 + (1 + 4 * t.square()).sqrt()) / 2
        y = x + (t - 1) / following * change
        t = following
        yield x


def largest_eigenvalue(
    normal: Callable[[Tensor], Tensor], start: Tensor, iterations: int, dimensions: int = 2
) -> Tensor:
    """Return |N^k v| / |N^(k-1) v| per problem, v the start: a gradient's Lipschitz constant, from below.

    The power method is a few per cent low after a few iterations; accelerated steps on a quadratic stay
    stable up to 4/3 of the inverse. A zero start gives one.

    Arguments:
        normal: a Hermitian positive semidefinite map that keeps the problems apart.
        start: with any leading axes before the `dimensions` of one problem.
        iterations: evaluations of the map.
        dimensions: trailing axes of one problem.
    """
    v = start
    for _ in range(iterations):
        # of unit norm, so that neither small nor large maps leave the range of single precision
        size = inner_product(v, v, dimensions).sqrt()
        v = normal(v / torch.where(size > 0, size, 1))
    value = inner_product(v, v, dimensions).sqrt()
    return torch.where(value > 0, value, 1)
