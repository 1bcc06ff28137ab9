"""What every problem does: take one of a batch, stack, and be brought to scale one."""

import pytest
import torch

from dealias.problem import Problem
from problems import film, inpainting

MAKERS = [film, inpainting]


@pytest.mark.parametrize("make", MAKERS)
def test_one_of_a_batch_and_back(make):
    problem = make()
    one = problem[1, 0]
    assert torch.allclose(one.zero_filled, problem.zero_filled[1, 0], atol=1e-6)
    assert torch.equal(problem[-1][-2].zero_filled, one.zero_filled)
    rows = [type(problem).stack([problem[i, j] for j in range(2)]) for i in range(2)]
    assert torch.allclose(type(problem).stack(rows).zero_filled, problem.zero_filled, atol=1e-6)


@pytest.mark.parametrize("make", MAKERS)
def test_there_are_no_more_than_there_are(make):
    problem = make(batch=(1, 2))
    for index in (1, -2, (0, 2), (0, 0, 0)):
        with pytest.raises(IndexError, match="no problem"):
            problem[index]
    assert len(list(problem)) == 1, "a loop over a batch ends"
    with pytest.raises(IndexError):
        make(batch=())[0]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("factor", [1.0, 1e-6, 1e6, 2.0**-100])
def test_scale_one(make, factor):
    problem = make()
    problem = problem.scaled(torch.full((1, 1, 1, 1), factor))
    normal, scale = problem.normalised()
    x = normal.zero_filled
    assert torch.allclose(x.abs().amax((-2, -1)), torch.ones(2, 2), atol=1e-5)
    assert torch.allclose(x * scale, problem.zero_filled, rtol=1e-4, atol=1e-6 * factor)
    if x.is_complex():
        turn = (x * x.abs()).sum((-2, -1)).angle()
        assert torch.allclose(turn, torch.zeros(2, 2), atol=1e-5), "upright in the complex plane"
    else:
        assert (scale > 0).all()


def test_a_number_times_the_data_is_a_number_times_the_scale():
    problem = film()
    turned = problem.scaled(torch.full((1, 1, 1, 1), 3 * torch.exp(torch.tensor(0.7j)).item()))
    assert torch.allclose(turned.normalised()[0].kspace, problem.normalised()[0].kspace, atol=1e-5)


def test_a_film_keeps_one_scale():
    shape = (2, 3)
    assert film(batch=shape, axes=("time", "y", "x")).normalised()[1].shape == (2, 1, 1, 1)
    assert film(batch=shape).normalised(3)[1].shape == (2, 1, 1, 1), "a method of films says so too"
    assert film(batch=shape).normalised()[1].shape == (2, 3, 1, 1)


def test_nothing_measured_stays_nothing():
    problem = film().scaled(torch.zeros(1, 1, 1, 1))
    normal, scale = problem.normalised()
    assert not normal.zero_filled.any() and torch.isfinite(scale).all()


@pytest.mark.parametrize("make", MAKERS)
def test_to_moves_only_what_is_a_number(make):
    double = make().to(dtype=torch.float64)
    assert double.data.dtype in (torch.complex128, torch.float64)
    assert double.mask.dtype == torch.bool and double.noise_std.dtype == torch.float64


def test_the_gradient_is_that_of_half_the_squared_residual():
    problem = film(batch=(), coils=2).to(dtype=torch.float64)
    x = torch.randn(19, 24, dtype=torch.complex128, requires_grad=True)
    (0.5 * (problem.operator(x) - problem.data).abs().square().sum()).backward()
    assert torch.allclose(problem.gradient(x.detach()), x.grad, atol=1e-12)


def test_a_problem_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Problem()
