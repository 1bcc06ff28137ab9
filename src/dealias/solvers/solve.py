"""The solution of a linear system, and its gradient by the implicit function theorem.

    x = N^-1 b:  dL/db = g = N^-1 dL/dx,  and what N is made of receives the gradient of -<g, N x> at fixed g and x

| MoDL: Model-Based Deep Learning Architecture for Inverse Problems (Aggarwal et al., 2019), section III-D
| https://arxiv.org/abs/1712.02862
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from dealias.solvers.conjugate_gradient import conjugate_gradient
from dealias.solvers.inner_product import inner_product

Map = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Solution:
    """What conjugate gradients found, and how far that is from the solution.

    Arguments:
        x: the last iterate.
    """

    x: Tensor
    normal: Map
    b: Tensor
    dimensions: int

    @cached_property
    def residual(self) -> Tensor:
        """|b - N x| / |b| of each problem, its axes kept; zero where b is zero."""
        rest = self.b - self.normal(self.x)
        norms = [inner_product(value, value, self.dimensions).sqrt() for value in (rest, self.b)]
        return norms[0] / torch.where(norms[1] > 0, norms[1], 1)

    def converged(self, tolerance: float) -> bool:
        """Whether the residual of every problem is at most so large."""
        return bool((self.residual <= tolerance).all())


def solve(normal: Map, b: Tensor, iterations: int, dimensions: int = 2, start: Tensor | None = None) -> Solution:
    """Return the solution of `normal(x) = b` by at most so many conjugate gradients, each leading index by itself.

    The gradient reaches b and whatever `normal` is made of, as that of the exact solution; it costs as many conjugate
    gradients and stores none.

    Arguments:
        normal: a Hermitian positive semidefinite map that keeps the problems apart.
        b: with any leading axes before the `dimensions` of one problem.
        start: the first guess; None is zero.
    """
    with torch.no_grad():
        x = _last_iterate(normal, b, iterations, dimensions, start)
    if torch.is_grad_enabled():
        # the residual is zero where the system is solved, but depends on all that the solution depends on
        residual = b - normal(x)
        if residual.requires_grad:
            x = x + _Inverse.apply(residual, normal, iterations, dimensions)  # type: ignore[no-untyped-call]
    return Solution(x, normal, b, dimensions)


class _Inverse(torch.autograd.Function):
    """N^-1 of a residual that is as good as zero: no work forwards, conjugate gradients backwards."""

    @staticmethod
    def forward(ctx: Any, residual: Tensor, normal: Map, iterations: int, dimensions: int) -> Tensor:
        ctx.normal, ctx.iterations, ctx.dimensions = normal, iterations, dimensions
        return torch.zeros_like(residual)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        with torch.no_grad():
            return _last_iterate(ctx.normal, gradient, ctx.iterations, ctx.dimensions, None), None, None, None


def _last_iterate(normal: Map, b: Tensor, iterations: int, dimensions: int, start: Tensor | None) -> Tensor:
    x = torch.zeros_like(b) if start is None else start
    for following in conjugate_gradient(normal, b, iterations, dimensions, start):
        resting, x = torch.equal(following, x), following
        if resting:
            break
    return x
