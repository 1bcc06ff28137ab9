"""The layers of a flow: back again, determinants against autograd, near the identity at the start."""

import pytest
import torch

from dealias.networks.coupling import Coupling, Mixing
from dealias.testing import assert_close

CHANNELS = 4


def layers(spread):
    torch.manual_seed(0)
    made = [Mixing(CHANNELS).double(), Coupling(CHANNELS, 6, 5).double()]
    with torch.no_grad():
        for layer in made:
            for value in layer.parameters():
                value += spread * torch.randn_like(value)
    return made


@pytest.mark.parametrize("number", [0, 1])
def test_back_again_and_determinants(number):
    layer = layers(0.2)[number]
    x = torch.randn(2, CHANNELS, 3, 4, dtype=torch.float64)
    y, log_determinant = layer(x)
    back, same = layer.inverse(y)
    assert_close(back, x, 1e-10, "there and back")
    assert_close(same, log_determinant, 1e-10, "the determinant both ways")
    jacobian = torch.autograd.functional.jacobian(lambda one: layer(one)[0], x[:1])
    _, wanted = torch.linalg.slogdet(jacobian.reshape(48, 48))
    assert_close(log_determinant.expand(2)[0], wanted, 1e-9, "log |det|")


def test_they_begin_by_reversing_channels():
    mixing, coupling = layers(0.0)
    x = torch.randn(2, CHANNELS, 3, 4, dtype=torch.float64)
    assert torch.equal(mixing(x)[0], x.flip(1))
    bent = coupling(x)[0]
    assert torch.equal(bent[:, :2], x[:, :2])
    assert_close(bent, x, 0.01, "nearly the identity")
