"""The U-Net between a normalisation and its inverse."""

import pytest
import torch

from dealias.networks.normalised_unet import NormalisedUNet
from dealias.networks.resnet import ResNetwork
from dealias.testing import assert_close


@pytest.mark.parametrize("shape", [(16, 16), (19, 24), (3, 5), (1, 1)])
def test_scale_and_place_go_through(shape):
    torch.manual_seed(0)
    network, x = NormalisedUNet(2, 4, 2).double(), torch.randn(2, 2, *shape, dtype=torch.float64)
    stretch = torch.tensor([3.0, 1e-6], dtype=torch.float64)[:, None, None]
    with torch.no_grad():
        assert_close(network(stretch * x + 0.7 * stretch), stretch * network(x) + 0.7 * stretch, 1e-6, "equivariant")


def test_a_constant_stays_and_has_a_gradient():
    network, x = NormalisedUNet(2, 4, 2), torch.full((1, 2, 8, 8), 0.3, requires_grad=True)
    y = network(x)
    y.sum().backward()
    assert torch.allclose(y, x) and torch.isfinite(x.grad).all()


@pytest.mark.parametrize("shape", [(9, 8), (2, 1)])
def test_the_residual_network_keeps_the_size_and_begins_with_its_input(shape):
    torch.manual_seed(0)
    network, x = ResNetwork(2, 4, 3, 7), torch.randn(1, 2, *shape)
    with torch.no_grad():
        for block in network.blocks:
            block.second.weight.zero_()
        shortcuts = network.blocks[-1].shortcut(network.blocks[0].shortcut(x))
        assert_close(network(x), x + shortcuts, 1e-6, "shortcuts alone")
