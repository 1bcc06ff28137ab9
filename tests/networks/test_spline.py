"""Splines: the identity at zero, back again, slopes against autograd, and another library's values."""

import pytest
import torch

from dealias.networks.spline import BOUND, LEAST, inverse_spline, parameters_of, spline
from dealias.testing import assert_close

BINS = 5


def numbers(count=400, dtype=torch.float64):
    """Numbers within and outside of the bins, and their splines' parameters."""
    generator = torch.Generator().manual_seed(0)
    x = 4 * BOUND * torch.rand(2, count, dtype=dtype, generator=generator) - 2 * BOUND
    return x, 2 * torch.randn(2, parameters_of(BINS), count, dtype=dtype, generator=generator)


def test_no_parameters_are_the_identity():
    x, parameters = numbers()
    y, slopes = spline(x, 0 * parameters)
    assert_close(y, x, 1e-12, "the identity")
    assert slopes.abs().max() < 1e-12


def test_they_rise_stay_and_keep_their_ends():
    x, parameters = numbers()
    y, _ = spline(x, parameters)
    outside = x.abs() > BOUND
    assert outside.any() and torch.equal(y[outside], x[outside]) and y[~outside].abs().max() <= BOUND
    same = parameters[:1, :, :1].expand(1, -1, 500)
    line = torch.linspace(-BOUND, BOUND, 500, dtype=torch.float64)[None]
    y, _ = spline(line, same)
    assert (y.diff() > 0).all()
    assert_close(y[0, [0, -1]], line[0, [0, -1]], 1e-12, "the ends")


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-11), (torch.float32, 1e-5)])
def test_they_come_back(dtype, tolerance):
    x, parameters = numbers(dtype=dtype)
    y, slopes = spline(x, parameters / 2)
    back, same = inverse_spline(y, parameters / 2)
    assert_close(back, x, tolerance, "there and back")
    assert_close(same, slopes, 100 * tolerance, "the slopes")


def test_slopes_are_those_of_autograd():
    x, parameters = numbers()
    x.requires_grad_()
    y, slopes = spline(x, parameters)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert_close(slopes.exp(), gradient, 1e-10, "dy/dx")


def test_gradients_are_finite_at_edges():
    x = torch.tensor([[-BOUND, BOUND, 0.0, -7.0]], requires_grad=True)
    parameters = torch.randn(1, parameters_of(4), 4, requires_grad=True)
    for way in (spline, inverse_spline):
        value, slopes = way(x, parameters)
        for gradient in torch.autograd.grad(value.sum() + slopes.sum(), (x, parameters)):
            assert torch.isfinite(gradient).all()


def test_zuko_has_the_same_values():
    """With its knots where ours are: it makes them otherwise of their parameters."""
    transforms = pytest.importorskip("zuko.transforms")
    from dealias.networks.spline import UNIT

    x, parameters = numbers()
    shares = [LEAST + (1 - LEAST * BINS) * part.softmax(1) for part in parameters[:, : 2 * BINS].split(BINS, 1)]
    slopes = LEAST + torch.nn.functional.softplus(parameters[:, 2 * BINS :] + UNIT)
    theirs = transforms.MonotonicRQSTransform(*(torch.zeros(*x.shape, n) for n in (BINS, BINS, BINS - 1)), BOUND)
    theirs.horizontal, theirs.vertical = (
        BOUND * (2 * torch.nn.functional.pad(part.movedim(1, -1), (1, 0)).cumsum(-1) - 1) for part in shares
    )
    theirs.derivatives = torch.nn.functional.pad(slopes.movedim(1, -1), (1, 1), value=1.0)
    wanted, determinant = theirs.call_and_ladj(x)
    y, log_slopes = spline(x, parameters)
    assert_close(y, wanted, 1e-10, "zuko's values")
    assert_close(log_slopes, determinant, 1e-10, "zuko's slopes")
