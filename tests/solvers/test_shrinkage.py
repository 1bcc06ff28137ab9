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
