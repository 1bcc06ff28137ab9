"""FISTA with restart reaches the minimiser, and each problem restarts for itself."""

import torch

from dealias.solvers.proximal_gradient import largest_eigenvalue, proximal_gradient
from dealias.solvers.shrinkage import soft_threshold


def lasso(*batch, rows=20, columns=30, dtype=torch.float64):
    matrix = torch.randn(*batch, rows, columns, dtype=dtype) / rows**0.5
    return matrix, torch.randn(*batch, rows, dtype=dtype)


def solve(matrix, y, iterations, strength=0.1):
    def times(a, x):
        return (a @ x[..., None])[..., 0]

    step = 1 / torch.linalg.matrix_norm(matrix, 2).square()[..., None]
    start = torch.zeros_like(matrix[..., 0, :])
    return list(
        proximal_gradient(
            lambda x: times(matrix.mH, times(matrix, x) - y),
            lambda z: soft_threshold(z, step * strength),
            start,
            step,
            iterations,
            1,
        )
    )


def test_optimality_conditions():
    matrix, y = lasso(dtype=torch.complex128)
    images = solve(matrix, y, 600)
    assert len(images) == 600
    x = images[-1]
    gradient = matrix.mH @ (matrix @ x - y)
    live = x.abs() > 1e-9
    assert 0 < live.sum() < 30
    torch.testing.assert_close(gradient[live], -0.1 * x[live] / x[live].abs(), rtol=1e-6, atol=1e-8)
    assert (gradient[~live].abs() <= 0.1 + 1e-8).all()


def test_restart_beats_the_plain_step():
    matrix, y = lasso(rows=40, columns=30)

    def cost(x):
        return float((matrix @ x - y).square().sum() / 2 + 0.1 * x.abs().sum())

    best = cost(solve(matrix, y, 2000)[-1])
    assert cost(solve(matrix, y, 100)[-1]) - best < 1e-8


def test_problems_are_apart():
    matrix, y = lasso(3)
    matrix[1] *= 5
    together = solve(matrix, y, 60)
    for i in range(3):
        for all_of_them, alone in zip(together, solve(matrix[i], y[i], 60), strict=True):
            torch.testing.assert_close(all_of_them[i], alone)


def test_largest_eigenvalue():
    matrix = torch.diag(torch.tensor([1.0, 4.0, 2.0]))
    start = torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1e-25]])
    value = largest_eigenvalue(lambda x: x @ matrix, start, 20, 1)
    torch.testing.assert_close(value, torch.tensor([[4.0], [1.0], [2.0]]))
