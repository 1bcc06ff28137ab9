"""What a training minimises."""

import math

import torch

from dealias.training.losses import log_squared_error, magnitude_error, squared_error


def test_both_by_hand():
    target = torch.zeros(2, 3, 3, dtype=torch.complex64)
    estimates = [torch.full((2, 3, 3), 2j), torch.full((2, 3, 3), 1 + 0j)]
    assert math.isclose(float(squared_error(estimates, target)), 2.5)
    assert math.isclose(float(log_squared_error(estimates, target)), math.log(4) / 2, rel_tol=1e-6)

    turned = [torch.full((2, 3, 3), 3j), torch.full((2, 3, 3), 1 + 0j)]
    assert math.isclose(float(magnitude_error(turned, target + 2)), 1)


def test_a_perfect_estimate_has_a_finite_loss_and_gradient():
    target = torch.zeros(1, 3, 3, dtype=torch.complex64)
    estimate = target.clone().requires_grad_()
    log_squared_error([estimate], target).backward()
    assert torch.isfinite(torch.view_as_real(estimate.grad)).all()
