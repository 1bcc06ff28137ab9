"""Hammernik's variational network: the paper's sizes, its equation by hand, what is learned, what is refused."""

import pytest
import torch

import dealias
from dealias.errors import UserError
from dealias.methods.variational_network import VariationalNetwork
from dealias.testing import assert_close
from dealias.training.example import Example
from dealias.training.losses import squared_error
from learning import count, learned
from problems import film

SMALL = {"features": 3, "iterations": 2, "size": 5, "nodes": 7}


def test_the_paper_counts_its_parameters():
    assert count(VariationalNetwork()) == 10 * (48 * 242 + 48 * 31 + 1) == 131_050
    assert count(VariationalNetwork(24)) == 65_530 and count(VariationalNetwork(24, 8, 7)) == 24_776


@pytest.mark.parametrize("coils", [1, 3])
def test_one_step_by_hand(coils):
    problem = film(batch=(), coils=coils).normalised()[0]
    method = VariationalNetwork(**{**SMALL, "iterations": 1}).eval()
    with torch.no_grad():
        method.trust[0].fill_(0.4)
        (x,) = method.estimates(problem)
        start = problem.zero_filled
        parts = method.experts[0](torch.stack((start.real, start.imag))[None])[0]
    assert_close(x, start - torch.complex(*parts) / 3 - 0.4 * problem.gradient(start), 1e-6, "equation 6")


def test_it_learns_one_sample():
    torch.manual_seed(0)
    problem = film(batch=(), coils=3)
    target = problem.zero_filled.roll(1, -1)
    method = VariationalNetwork(8, 3, 5, 15, recompute=True)
    before, after = learned(method, Example(problem, target), squared_error, 60, 2e-2)
    assert after < 0.5 * before


@pytest.mark.parametrize("arguments", [{"size": 4}, {"nodes": 1}, {"reach": 0.0}, {"features": 0}, {"start": "no"}])
def test_what_cannot_be(arguments, untyped):
    with pytest.raises(UserError, match="correct it|correct them|impossible|size must be odd"):
        VariationalNetwork(**{**SMALL, **arguments})


def test_no_more_steps_than_there_are():
    with pytest.raises(UserError, match="3 iterations need as many sets of weights"):
        dealias.reconstruct(VariationalNetwork(**SMALL), film(), iterations=3)
