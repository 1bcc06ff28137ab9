"""The variational network in image space: its equation by hand, its starts, what is learned, what is refused."""

import pytest
import torch

import dealias
from dealias.errors import UserError
from dealias.methods.varnet import VarNet
from dealias.testing import assert_close
from dealias.training.example import Example
from dealias.training.losses import ssim
from learning import count, learned
from problems import film

SMALL = {"features": 4, "iterations": 3, "poolings": 2}


@pytest.mark.parametrize("coils", [1, 3])
def test_the_steps_by_hand(coils):
    torch.manual_seed(0)
    problem, method = film(batch=(), coils=coils).normalised()[0], VarNet(**SMALL).eval()
    with torch.no_grad():
        method.first.fill_(0.7)
        method.steps[0].size.fill_(0.3)
        first, second, _ = method.estimates(problem)
        assert_close(first, 0.7 * problem.zero_filled, 1e-6, "from a blank image by the gradient alone")
        parts = method.steps[0].network(torch.stack((first.real, first.imag))[None])[0]
        wanted = first - 0.3 * (problem.operator.normal(first) - problem.zero_filled) - torch.complex(*parts)
        assert_close(second, wanted, 1e-6, "the second step")


def test_eight_networks_or_one():
    networks = VarNet().steps
    assert len(networks) == 8 and count(networks[0].network) == 2_454_338
    shared = VarNet(**SMALL, shared=True).eval()
    assert len(shared.steps) == 1 and len(list(dealias.iterate(shared, film(), iterations=5))) == 5
    assert len(VarNet(**SMALL, start="zero_filled").steps) == 3


def test_it_learns_one_sample():
    torch.manual_seed(0)
    problem = film(batch=(), coils=3)
    target = problem.zero_filled.roll(1, -1)
    before, after = learned(VarNet(**SMALL, recompute=True), Example(problem, target), ssim, 40, 1e-2)
    assert after < 0.5 * before


def test_what_it_refuses(untyped):
    with pytest.raises(UserError, match="4 iterations|3 iterations need"):
        dealias.reconstruct(VarNet(**SMALL), film(), iterations=4)
    with pytest.raises(UserError, match="start is blank, zero_filled or wavelet"):
        VarNet(**SMALL, start="zero")
