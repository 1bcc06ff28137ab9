"""Deep basis pursuit: the authors' sizes, the problem that it solves, what is learned, what is refused."""

from dataclasses import replace

import pytest
import torch

import dealias
from dealias.errors import UserError
from dealias.methods.basis_pursuit import BasisPursuit
from dealias.testing import assert_close
from dealias.training.example import Example
from dealias.training.losses import measured, squared_error
from learning import count, learned
from problems import film

SMALL = {"features": 4, "iterations": 2, "size": 3, "directions": 2, "gradients": 6}


def test_the_authors_count_their_parameters():
    """And lambda."""
    assert count(BasisPursuit()) == 815_616 + 1 and count(BasisPursuit(size=3)) == 150_016 + 1
    assert count(BasisPursuit(32, block="unet")) == 1_796_322 + 1


def silent(**others):
    """One whose network gives the image that it sees, so that r = A^H y."""
    method = BasisPursuit(**{**SMALL, "iterations": 1, "directions": 200, "gradients": 40, **others}).double().eval()
    with torch.no_grad():
        method.trust.fill_(2.0)
        for value in method.network.parameters():
            value.zero_()
    return method


@pytest.mark.parametrize("coils", [1, 3])
def test_the_nearest_image_whose_data_are_within_the_noise(coils):
    """With r = A^H y: at the solution ||A x - y|| = epsilon, and x - r is a multiple of the gradient."""
    problem = film(batch=(), coils=coils, shape=(7, 9)).normalised()[0].to(dtype=torch.float64)
    problem = replace(problem, noise_std=0 * problem.noise_std + 0.02)
    with torch.no_grad():
        (x,) = silent().estimates(problem)
    start = problem.zero_filled
    samples = coils * int(problem.mask.sum())
    distance = (problem.operator(x) - problem.data).norm()
    radius = 0.02 * (2 * samples) ** 0.5
    if (problem.operator(start) - problem.data).norm() <= radius:
        assert_close(x, start, 1e-6, "what fits the data stays")
        return
    assert abs(float(distance) - radius) < 1e-4 * radius
    downhill, moved = -problem.gradient(x), x - start
    cosine = (downhill.conj() * moved).sum().real / (downhill.norm() * moved.norm())
    assert cosine > 1 - 1e-4


def test_a_ball_of_no_size_makes_the_data_a_constraint():
    problem = film(batch=(), coils=1, shape=(7, 9)).normalised()[0].to(dtype=torch.float64)
    method = silent(ball=0.0)
    assert not method.takes_noise
    with torch.no_grad():
        method.network.blocks[0].shortcut.weight.fill_(0.3)
        method.network.blocks[-1].shortcut.weight.fill_(0.3)
        (x,) = method.estimates(problem)
    assert_close(problem.operator(x), problem.data, 1e-6, "A x = y")


@pytest.mark.parametrize("loss", [squared_error, measured])
@pytest.mark.parametrize("block", ["resnet", "unet"])
def test_it_learns_one_sample(loss, block):
    torch.manual_seed(0)
    problem = film(batch=(), coils=3)
    method = BasisPursuit(8, 2, block, 3, 1, 5)  # type: ignore[arg-type]
    before, after = learned(method, Example(problem, problem.zero_filled.roll(1, -1)), loss, 40, 5e-3)
    assert after < 0.8 * before


def test_networks_and_data_take_turns_as_often_as_one_likes():
    assert len(list(dealias.iterate(BasisPursuit(**SMALL), film(), iterations=5))) == 5


@pytest.mark.parametrize("arguments", [{"size": 4}, {"ball": -1.0}, {"block": "cnn"}, {"directions": 0}])
def test_what_cannot_be(arguments, untyped):
    with pytest.raises(UserError, match="correct them|impossible"):
        BasisPursuit(**{**SMALL, **arguments})
