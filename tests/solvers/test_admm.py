"""Alternating directions reach the minimiser with a good preconditioner or none, each problem for itself."""

import pytest
import torch

from dealias.linear_operator import LinearOperator
from dealias.solvers.admm import admm
from dealias.solvers.shrinkage import soft_threshold

STRENGTH = 0.1


class Differences(LinearOperator):
    """Of neighbours along one axis, periodically."""

    def forward(self, x):
        return x.roll(-1, -1) - x

    def adjoint(self, y):
        return y.roll(1, -1) - y


def least_squares(*batch, dtype=torch.complex128):
    matrix = torch.randn(*batch, 20, 12, dtype=dtype) / 20**0.5
    return matrix, torch.randn(*batch, 20, dtype=dtype)


def times(a, x):
    return (a @ x[..., None])[..., 0]


def solve(matrix, y, iterations, exact, penalty=1.0):
    normal = matrix.mH @ matrix
    penalty = torch.tensor(penalty, dtype=y.real.dtype)
    eye = torch.eye(12, dtype=y.dtype)
    both = normal + penalty * Differences().normal(eye)
    return admm(
        lambda x: times(normal, x),
        times(matrix.mH, y),
        Differences(),
        lambda v: soft_threshold(v, STRENGTH / penalty),
        (lambda r: torch.linalg.solve(both, r)) if exact else (lambda r: r),
        penalty,
        iterations,
        1,
    )


@pytest.mark.parametrize("exact", [True, False])
def test_optimality_conditions(exact):
    """-gradient = D^H u with |u| at most lambda, and lambda times the sign where D x is not zero."""
    matrix, y = least_squares()
    images = list(solve(matrix, y, 500, exact))
    assert len(images) == 500
    x = images[-1]
    gradient = times(matrix.mH, times(matrix, x) - y)
    assert abs(gradient.sum()) < 1e-8, "a constant has no differences"
    dx = Differences()(x)
    live = dx.abs() > 1e-8
    assert live.any()
    u = gradient.cumsum(-1)  # D^H u = -gradient, up to a constant that the jumps tell
    u = u + (STRENGTH * dx / dx.abs() - u)[live].mean()
    torch.testing.assert_close(u[live], STRENGTH * (dx / dx.abs())[live], rtol=0, atol=1e-6)
    assert (u.abs() <= STRENGTH + 1e-6).all()


def test_problems_are_apart():
    matrix, y = least_squares(3)
    y[1] = 0
    together = list(solve(matrix, y, 30, False))
    for i in range(3):
        for all_of_them, alone in zip(together, solve(matrix[i], y[i], 30, False), strict=True):
            torch.testing.assert_close(all_of_them[i], alone)
    assert not together[-1][1].any()
