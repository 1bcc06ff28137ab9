"""First weights: a network that passes on what it sees, and one that adds next to nothing."""

import pytest
import torch

from dealias.methods.basis_pursuit import BasisPursuit
from dealias.methods.e2e_varnet import E2EVarNet
from dealias.methods.varnet import VarNet
from dealias.networks.beginning import SHARE, pass_on, soften
from dealias.networks.normalised_unet import NormalisedUNet
from dealias.testing import assert_close
from problems import film


@pytest.mark.parametrize("features", [4, 6])
def test_a_network_that_passes_on_what_it_sees(features):
    """But for the share of other features, and for what padding does to an instance norm."""
    torch.manual_seed(0)
    network, x = NormalisedUNet(2, features, 2), torch.randn(3, 2, 32, 16)
    pass_on(network.network)
    with torch.no_grad():
        assert_close(network(x), x, 0.02, "the identity")


def test_too_few_features_stay_as_they_are():
    torch.manual_seed(0)
    network = NormalisedUNet(2, 3, 1)
    before = [value.clone() for value in network.parameters()]
    pass_on(network.network)
    assert all(torch.equal(old, new) for old, new in zip(before, network.parameters(), strict=True))


def test_a_soft_layer():
    layer = torch.nn.Conv2d(3, 2, 1)
    weight, bias = layer.weight.clone(), layer.bias.clone()
    soften(layer)
    assert torch.equal(layer.weight, weight * SHARE) and torch.equal(layer.bias, bias * SHARE)


@pytest.mark.parametrize("start", ["zero_filled", "wavelet"])
def test_an_untrained_variational_network_makes_gradient_steps(start):
    torch.manual_seed(0)
    problem = film(batch=(), coils=3).normalised()[0]
    with torch.no_grad():
        *_, x = VarNet(4, 3, 2, start=start).estimates(problem)
        if start == "zero_filled":
            wanted = problem.zero_filled
            for _ in range(3):
                wanted = wanted - problem.gradient(wanted)
            assert_close(x, wanted, 0.03, "gradient steps")
        assert problem.gradient(x).norm() < 0.3 * problem.zero_filled.norm()


def test_an_untrained_end_to_end_network_gives_what_was_measured():
    """Whatever its maps are: the root sum of squares of the coils."""
    torch.manual_seed(0)
    problem = film(batch=(), coils=3).normalised()[0]
    with torch.no_grad():
        *_, x = E2EVarNet(4, 3, 1, 4, 1).estimates(problem)
    wanted = problem.coil_images.abs().square().sum(-3).sqrt()
    assert_close(x.abs(), wanted, 0.03, "nothing is refined yet")


def test_an_untrained_basis_pursuit_is_near_the_data():
    torch.manual_seed(0)
    problem = film(batch=(), coils=3).normalised()[0]
    with torch.no_grad():
        *_, x = BasisPursuit(4, 4, size=3, directions=2, ball=0.0).estimates(problem)
    assert (problem.operator(x) - problem.data).norm() < 0.05 * problem.data.norm()
