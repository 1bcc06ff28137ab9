"""Tridiagonal systems along one axis, as many at once as there are numbers on the others.

    d_t x_t - e (x_{t-1} + x_{t+1}) = b_t

Elimination downwards, substitution upwards (Thomas' algorithm); stable where d_t >= 2 e >= 0.

| Matrix Computations (Golub and Van Loan, 2013), section 4.3.6
| https://epubs.siam.org/doi/book/10.1137/1.9781421407944
"""

import torch
from torch import Tensor


class Tridiagonal:
    """A system along axis -3, which is solved for many right-hand sides.

    Arguments:
        diagonal: d, real (*batch, time, y, x).
        coupling: e, the same for all.
    """

    def __init__(self, diagonal: Tensor, coupling: float) -> None:
        inverse = torch.empty_like(diagonal)
        inverse.select(-3, 0).copy_(diagonal.select(-3, 0).reciprocal())
        for t in range(1, diagonal.shape[-3]):
            before = inverse.select(-3, t - 1)
            torch.reciprocal(diagonal.select(-3, t) - coupling**2 * before, out=inverse.select(-3, t))
        self.inverse = inverse
        self.ratio = inverse * coupling

    def solve_(self, b: Tensor) -> Tensor:
        """Return the solution, in the memory of the complex right-hand side (*batch, time, y, x)."""
        frames = range(b.shape[-3])
        for t in frames[1:]:
            b.select(-3, t).addcmul_(self.ratio.select(-3, t - 1), b.select(-3, t - 1))
        b.select(-3, -1).mul_(self.inverse.select(-3, -1))
        for t in frames[-2::-1]:
            x = b.select(-3, t).mul_(self.inverse.select(-3, t))
            x.addcmul_(self.ratio.select(-3, t), b.select(-3, t + 1))
        return b
