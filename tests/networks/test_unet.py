"""The U-Net."""

import pytest
import torch

from dealias.networks.unet import UNetwork


def count(network):
    return sum(value.numel() for value in network.parameters())


def test_parameters():
    """fastMRI's baseline has 7,756,097; the others by adding up their layers."""
    assert count(UNetwork(1, 1, 32, 4)) == 7_756_097
    pair = lambda before, after: 9 * before * after + after + 9 * after**2 + after  # noqa: E731
    down = pair(2, 4) + pair(4, 8) + pair(8, 16)
    up = pair(16, 8) + pair(8, 4) + (4 * 16 * 8 + 8) + (4 * 8 * 4 + 4)
    assert count(UNetwork(2, 3, 4, 2, normalised=False)) == down + up + 4 * 3 + 3


@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("size", [(16, 24), (17, 21), (5, 3), (1, 1)])
def test_any_size(size, normalised):
    x = torch.randn(2, 2, *size)
    assert UNetwork(2, 1, 4, 2, normalised=normalised)(x).shape == (2, 1, *size)


def test_a_problem_does_not_know_its_neighbours():
    network, x = UNetwork(1, 1, 4, 2).double(), torch.randn(3, 1, 12, 12, dtype=torch.float64)
    assert torch.allclose(network(x)[1:2], network(x[1:2]), atol=1e-12)


def test_pooling():
    """Of a constant network input the maximum and the average are the same, of others not."""
    torch.manual_seed(0)
    networks = []
    for pooling in ("max", "average"):
        network = UNetwork(1, 1, 4, 1, pooling=pooling, normalised=False)
        network.load_state_dict(networks[0].state_dict() if networks else network.state_dict())
        networks.append(network)
    inner = torch.randn(1, 1, 8, 8)
    first, second = (network(inner) for network in networks)
    assert not torch.allclose(first, second)
    assert isinstance(networks[0].pool, torch.nn.MaxPool2d) and isinstance(networks[1].pool, torch.nn.AvgPool2d)


def test_a_shift_by_the_coarsest_pixel_shifts_the_output():
    network = UNetwork(1, 1, 4, 2, normalised=False).double()
    x = torch.zeros(1, 1, 64, 64, dtype=torch.float64)
    x[..., 28:36, 28:36] = torch.randn(8, 8, dtype=torch.float64)
    middle = (..., slice(20, 44), slice(20, 44))
    assert torch.allclose(network(x.roll(4, -1)).roll(-4, -1)[middle], network(x)[middle], atol=1e-12)


def test_each_resolution_is_joined_to_itself():
    """Where nothing comes back from coarser ones, the output still knows the input; each join has its own."""
    torch.manual_seed(0)
    network, x = UNetwork(1, 1, 4, 2, normalised=False), torch.randn(1, 1, 16, 16)
    seen = {}
    for level, convolutions in enumerate(network.down[:-1]):
        convolutions.register_forward_hook(lambda *call, level=level: seen.update({level: call[2]}))
    joined = []
    for convolutions in network.up:
        convolutions.register_forward_hook(lambda module, given, out: joined.append(given[0]))
    network(x)
    for level, given in zip((1, 0), joined, strict=True):
        torch.testing.assert_close(given[:, 4 * 2**level :], seen[level])
    for enlarge in network.enlarge:
        for value in enlarge.parameters():
            torch.nn.init.zeros_(value)
    with torch.no_grad():
        assert float((network(x) - network(-x)).abs().max()) > 1e-3


def test_only_the_normalised_one_forgets_the_scale():
    torch.manual_seed(0)
    x = torch.randn(2, 1, 16, 16, dtype=torch.float64)
    for normalised in (True, False):
        network = UNetwork(1, 1, 4, 2, normalised=normalised).double()
        network.outwards.bias.data.zero_()
        with torch.no_grad():
            apart = float((network(1000 * x) - network(x)).abs().max() / network(x).abs().max())
        assert apart < 0.01 if normalised else apart > 1
