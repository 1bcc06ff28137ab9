"""Fields of experts: the sum by hand, its gradients, its filters."""

import pytest
import torch

from dealias.networks.borders import mirrored
from dealias.networks.experts import Experts, _Activation
from dealias.testing import assert_close


@pytest.mark.parametrize("shape", [(5, 6), (2, 3)])
def test_the_sum_by_hand(shape):
    """Its Jacobian's transpose: phi = identity would give K^T K; here each filter through its activation."""
    torch.manual_seed(0)
    experts = Experts(2, 3, 3, 5, 1.0).double()
    x = torch.randn(1, 2, *shape, dtype=torch.float64)
    filters, nodes = experts.filters.detach(), torch.linspace(-1, 1, 5, dtype=torch.float64)
    around = mirrored(x, 2, edges_twice=True)
    total = torch.zeros_like(x)
    rows, columns = shape
    for i in range(3):
        response = torch.zeros(rows + 2, columns + 2, dtype=torch.float64)
        for a in range(3):
            for b in range(3):
                window = around[0, :, a : a + rows + 2, b : b + columns + 2]
                response += (filters[i, :, a, b, None, None] * window).sum(0)
        gaussians = torch.exp(-(response[..., None] - nodes).square() / (2 * 0.5**2))
        active = 0.4 * (gaussians * experts.weights[i].detach()).sum(-1)
        for a in range(3):
            for b in range(3):
                total[0] += filters[i, :, a, b, None, None] * active[2 - a : 2 - a + rows, 2 - b : 2 - b + columns]
    with torch.no_grad():
        assert_close(experts(x), total, 1e-12, "the sum")


def test_the_gradient_of_the_activation():
    torch.manual_seed(0)
    z = torch.randn(2, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(3, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z, weights: _Activation.apply(z, weights, 1.5), (z, weights))


def test_filters_have_zero_mean_and_a_norm_of_one_at_most():
    torch.manual_seed(0)
    experts = Experts(2, 4, 5, 7, 1.0)
    experts.kernels.data[0] *= 0.1
    experts.kernels.data += 0.5
    filters = experts.filters
    assert filters.mean((-2, -1)).abs().max() < 1e-6
    norms = filters.flatten(1).norm(dim=1)
    assert norms[0] < 0.5 and torch.allclose(norms[1:], torch.ones(3), atol=1e-6)


def test_borders_are_mirrored():
    x = torch.arange(3.0).reshape(1, 1, 1, 3)
    assert mirrored(x, 2, edges_twice=False)[0, 0, 0].tolist() == [2, 1, 0, 1, 2, 1, 0]
    assert mirrored(x, 2, edges_twice=True)[0, 0, 0].tolist() == [1, 0, 0, 1, 2, 2, 1]
    assert mirrored(x, 2, edges_twice=True).shape == (1, 1, 5, 7)
