"""Scores of susceptibility maps, against what they must be by their definition."""

import pytest
import torch

from brains import ball
from dealias.susceptibility.scores import detrended_nrmse, hfen, nrmse, slope, xsim


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    mask = ball(16, 7)
    truth = 0.05 * torch.randn(16, 16, 16, generator=generator)
    return truth, 0.05 * torch.randn(16, 16, 16, generator=generator), mask


def test_the_truth_is_perfect_whatever_its_mean(pair):
    truth, _, mask = pair
    found = torch.where(mask, truth + 0.3, 9.0)  # what lies outside does not count
    for score in (nrmse, detrended_nrmse, hfen):
        assert score(found, truth, mask) == pytest.approx(0, abs=1e-5)
    assert xsim(found, truth, mask) == pytest.approx(1, abs=1e-5)


def test_half_the_truth_is_half_wrong_and_no_more_when_detrended(pair):
    truth, _, mask = pair
    assert slope(truth / 2, truth) == pytest.approx(0.5)
    assert nrmse(truth / 2, truth, mask) == pytest.approx(0.5)
    assert hfen(truth / 2, truth, mask) == pytest.approx(0.5)
    assert detrended_nrmse(truth / 2, truth, mask) == pytest.approx(0, abs=1e-5)


def test_noise_is_like_nothing(pair):
    truth, noise, mask = pair
    assert abs(xsim(noise, truth, mask)) < 0.1
    assert nrmse(noise, truth, mask) == pytest.approx(2**0.5, rel=0.1)
    assert xsim(truth + noise / 5, truth, mask) > xsim(truth + noise, truth, mask)
