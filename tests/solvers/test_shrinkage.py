"""Soft thresholds keep the phase and know each problem's own threshold."""

import torch

from dealias.solvers.shrinkage import soft_threshold


def test_real_and_complex():
    x = torch.tensor([[3.0, -0.5, 0.0, -2.0]])
    assert torch.allclose(soft_threshold(x, 1.0), torch.tensor([[2.0, 0.0, 0.0, -1.0]]))
    turn = torch.polar(torch.tensor(1.0), torch.tensor(0.7))
    assert torch.allclose(soft_threshold(x * turn, 1.0), soft_threshold(x, 1.0) * turn)


def test_zero_threshold_is_identity():
    x = torch.randn(5, 6, dtype=torch.complex64)
    x[0, 0] = 0
    assert torch.equal(soft_threshold(x, 0.0), x)


def test_threshold_per_problem():
    x = torch.randn(2, 8, 8, dtype=torch.complex64)
    threshold = torch.tensor([0.2, 0.9])[:, None, None]
    both = soft_threshold(x, threshold)
    for i in range(2):
        assert torch.equal(both[i], soft_threshold(x[i], threshold[i]))


def test_minimises_its_objective():
    z = torch.randn(64, dtype=torch.complex128)

    def objective(x):
        return (x - z).abs().square() / 2 + 0.6 * x.abs()

    best = objective(soft_threshold(z, 0.6))
    for _ in range(20):
        nearby = soft_threshold(z, 0.6) + 0.1 * torch.randn(64, dtype=torch.complex128)
        assert (objective(nearby) >= best - 1e-12).all()


def test_vectors_along_an_axis():
    x = torch.randn(3, 2, 5, dtype=torch.complex128)
    x[0, :, 0] = 0
    size = x.abs().square().sum(-2, keepdim=True).sqrt()
    wanted = torch.where(size > 0.8, x * (1 - 0.8 / size), 0)
    torch.testing.assert_close(soft_threshold(x, 0.8, -2), wanted)
    torch.testing.assert_close(soft_threshold(x.real, 0.3, None), soft_threshold(x.real[:, :, None], 0.3, -2)[:, :, 0])


def test_gradient_is_finite_at_zero():
    x = torch.tensor([0, 0.5, 2 + 1j], dtype=torch.complex128, requires_grad=True)
    soft_threshold(x, 0.3).abs().square().sum().backward()
    assert torch.isfinite(torch.view_as_real(x.grad)).all()
