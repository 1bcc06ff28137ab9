"""Alternating directions for a quadratic and a term that is simple after a linear map.

    min_x 1/2 <x, N x> - Re <b, x> + g(L x)

    x <- nearer to argmin 1/2 <x, N x> - Re <b, x> + rho/2 |L x - z + u|^2
    z <- prox(h + u),  h = 1.6 L x - 0.6 z,  u <- u + h - z

| Distributed optimization and statistical learning via the alternating direction method of multipliers (Boyd et al.,
| 2011), sections 3.1, 3.4.3 (relaxation) and 3.4.4 (inexact minimisation)
| https://doi.org/10.1561/2200000016

The step in x is one of steepest descent, preconditioned, with the exact step size: where the preconditioner is the
inverse of N + rho L^H L it ends at the minimum.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from dealias.linear_operator import LinearOperator
from dealias.solvers.inner_product import inner_product

RELAXATION = 1.6


def admm(
    normal: Callable[[Tensor], Tensor],
    b: Tensor,
    transform: LinearOperator,
    proximal: Callable[[Tensor], Tensor],
    precondition: Callable[[Tensor], Tensor],
    penalty: Tensor,
    iterations: int,
    dimensions: int = 2,
) -> Iterator[Tensor]:
    """Yield ever better minimisers, each leading index a problem of its own; precondition(b) is the first guess.

    Arguments:
        normal: N, a Hermitian positive semidefinite map that keeps the problems apart.
        b: with any leading axes before the `dimensions` of one problem.
        transform: L.
        proximal: argmin over z of |z - v|^2 / 2 + g(z) / rho, as a map of v.
        precondition: near the inverse of N + rho L^H L, Hermitian and positive.
        penalty: rho, a number per problem with its axes kept.
        iterations: how many to yield.
        dimensions: trailing axes of one problem.
    """
    x = precondition(b)
    seen, mapped = normal(x), transform.forward(x)
    z = mapped
    dual = torch.zeros_like(z)
    for _ in range(iterations):
        downhill = b - seen - penalty * transform.adjoint(mapped - z + dual)
        direction = precondition(downhill)
        seen_too, mapped_too = normal(direction), transform.forward(direction)
        curvature = inner_product(direction, seen_too + penalty * transform.adjoint(mapped_too), dimensions)
        live = curvature > 0
        step = torch.where(live, inner_product(direction, downhill, dimensions) / torch.where(live, curvature, 1), 0)
        x = x + step * direction
        seen = seen + step * seen_too
        mapped = transform.forward(x)
        relaxed = RELAXATION * mapped + (1 - RELAXATION) * z + dual
        z = proximal(relaxed)
        dual = relaxed - z
        yield x
