"""Images at another number of pixels over the same field of view: frequencies that both sizes hold stay as they are.

    x'[j] = sum_k D((j - c) / N - (k - c) / n) x[k],  D(t) = sin(pi f t) / (n tan(pi t)),  f = min(N, n)

Along each axis in turn, from n pixels to N, c the middle one; for odd f the tangent is a sine. The highest frequency of
an even f is a cosine, so that a real image stays real, and one of that size already as it is.
"""

import torch
from torch import Tensor

from dealias.linear_operator import LinearOperator


class Resize(LinearOperator):
    """From images (*batch, y, x) of one size to those of another.

    Arguments:
        before: rows and columns that come in.
        after: rows and columns that go out.
    """

    def __init__(self, before: tuple[int, int], after: tuple[int, int]) -> None:
        self.rows, self.columns = (_along(n, large) for n, large in zip(before, after, strict=True))

    def forward(self, x: Tensor) -> Tensor:
        """Return images (*batch, y, x) at the size after."""
        return self.rows.to(x) @ x @ self.columns.T.to(x)

    def adjoint(self, y: Tensor) -> Tensor:
        """Return the transpose of `forward`, of the size before."""
        return self.rows.T.to(y) @ y @ self.columns.to(y)


def _along(before: int, after: int) -> Tensor:
    """Return the matrix (after, before) of one axis."""
    place, grid = ((torch.arange(n, dtype=torch.float64) - n // 2) / n for n in (after, before))
    shared = min(before, after)
    frequency = torch.arange((shared - 1) // 2 + 1, dtype=torch.float64)
    angle = 2 * torch.pi * (place[:, None] - grid)
    total = 2 * torch.cos(angle[..., None] * frequency).sum(-1) - 1
    if shared % 2 == 0:
        total = total + torch.cos(angle * (shared // 2))
    return total / before
