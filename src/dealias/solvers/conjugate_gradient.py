"""Conjugate gradients for Hermitian positive definite systems.

    alpha = |r|^2 / <p, N p>,  x += alpha p,  r -= alpha N p,  p = r + |r_new|^2 / |r|^2 p

| Methods of conjugate gradients for solving linear systems (Hestenes and Stiefel, 1952), equations 3:1
| https://doi.org/10.6028/jres.049.044
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from dealias.solvers.inner_product import inner_product


def conjugate_gradient(
    normal: Callable[[Tensor], Tensor],
    b: Tensor,
    iterations: int,
    dimensions: int = 2,
    start: Tensor | None = None,
) -> Iterator[Tensor]:
    """Yield ever better solutions of `normal(x) = b`, each leading index a problem of its own.

    A problem whose residual is down to rounding, or which turns out not to be positive along a direction,
    keeps its solution while the others go on.

    Arguments:
        normal: a Hermitian positive semidefinite map that keeps the problems apart.
        b: with any leading axes before the `dimensions` of one problem.
        iterations: how many to yield.
        dimensions: trailing axes of one problem.
        start: the first guess; None is zero.
    """
    x = torch.zeros_like(b) if start is None else start
    r = b if start is None else b - normal(start)
    p = r
    energy = inner_product(r, r, dimensions)
    # below some ten roundings the residual is noise, of which a singular map's null space would be inflated
    enough = inner_product(b, b, dimensions) * (10 * torch.finfo(energy.dtype).eps) ** 2
    for _ in range(iterations):
        q = normal(p)
        curvature = inner_product(p, q, dimensions)
        live = (energy > enough) & (curvature > 0)
        alpha = torch.where(live, energy / torch.where(live, curvature, 1), 0)
        x = x + alpha * p
        r = r - alpha * q
        last, energy = energy, inner_product(r, r, dimensions)
        p = torch.where(live, r + energy / torch.where(live, last, 1) * p, p)
        yield x
