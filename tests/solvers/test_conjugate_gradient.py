"""Conjugate gradients solve each problem of a batch as if it were alone, on any scale."""

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import LinearOperator, cg

from dealias.solvers.conjugate_gradient import conjugate_gradient


def system(*batch, size=12, dtype=torch.complex128):
    a = torch.randn(*batch, size, size, dtype=dtype)
    matrix = a @ a.mH / size + 0.5 * torch.eye(size, dtype=dtype)
    return matrix, torch.randn(*batch, size, dtype=dtype)


def solve(matrix, b, iterations, start=None):
    return list(conjugate_gradient(lambda x: (matrix @ x[..., None])[..., 0], b, iterations, 1, start))


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_exact_after_as_many_steps_as_unknowns(dtype):
    matrix, b = system(dtype=dtype)
    images = solve(matrix, b, 20)
    assert len(images) == 20
    torch.testing.assert_close(images[-1], torch.linalg.solve(matrix, b), rtol=1e-12, atol=1e-12)


def test_steps_are_those_of_scipy():
    matrix, b = system()
    theirs = []
    operator = LinearOperator((12, 12), matvec=lambda v: matrix.numpy() @ v, dtype=complex)
    cg(operator, b.numpy(), rtol=0, maxiter=6, callback=lambda x: theirs.append(x.copy()))
    np.testing.assert_allclose(torch.stack(solve(matrix, b, 6)), theirs, rtol=1e-10)


def test_start():
    matrix, b = system()
    start = torch.randn_like(b)
    expected = solve(matrix, b - matrix @ start, 4)[-1] + start
    torch.testing.assert_close(solve(matrix, b, 4, start)[-1], expected)
    exact = torch.linalg.solve(matrix, b)
    torch.testing.assert_close(solve(matrix, b, 5, exact)[-1], exact)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_any_scale(scale):
    matrix, b = system(dtype=torch.complex64)
    torch.testing.assert_close(solve(matrix, scale * b, 8)[-1] / scale, solve(matrix, b, 8)[-1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.complex64, 1e-5), (torch.complex128, 1e-11)])
def test_problems_are_apart(dtype, tolerance):
    """One is solved at once, one is zero, one is hard: each gets its own steps, none disturbs another."""
    matrix, b = system(3, dtype=dtype)
    matrix[0] = torch.eye(12)
    b[1] = 0
    together = solve(matrix, b, 30)
    for i in range(3):
        for all_of_them, alone in zip(together, solve(matrix[i], b[i], 30), strict=True):
            torch.testing.assert_close(all_of_them[i], alone, rtol=tolerance, atol=tolerance)
    assert torch.equal(together[-1][1], torch.zeros(12, dtype=dtype))
    torch.testing.assert_close(together[0][0], b[0])


def test_many_iterations_stay_finite():
    matrix, b = system(dtype=torch.complex64)
    torch.testing.assert_close(solve(matrix, b, 500)[-1], torch.linalg.solve(matrix, b), rtol=1e-4, atol=1e-5)


def test_gradient_passes():
    matrix, b = system(size=4)
    b.requires_grad_()
    solve(matrix, b, 8)[-1].abs().square().sum().backward()
    assert torch.isfinite(torch.view_as_real(b.grad)).all()
