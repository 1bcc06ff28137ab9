"""Scores of error bars against cases worked by hand."""

import pytest
import torch

from dealias.evaluation.calibration import (
    CURVE,
    GROUPS,
    NUMBERS,
    correlation,
    coverage,
    judged,
    reliability,
    sparsification,
)

EVERYWHERE = torch.ones(2, 2, dtype=torch.bool)


def square(*values):
    return torch.tensor(values, dtype=torch.float64).reshape(2, 2)


def test_coverage_by_hand():
    error, width = square(1, 2, 3, 4), square(1, 1, 5, 5)
    assert coverage(error, width, EVERYWHERE).item() == 0.75
    assert coverage(error, width, torch.tensor([[True, True], [False, False]])).item() == 0.5


def test_correlation_by_hand():
    error = square(1, 2, 3, 4)
    assert correlation(error, 3 * error + 1, EVERYWHERE).item() == pytest.approx(1)
    assert correlation(error, 5 - error, EVERYWHERE).item() == pytest.approx(-1)
    assert correlation(error, torch.full_like(error, 0.1), EVERYWHERE).item() == 0
    generator = torch.Generator().manual_seed(0)
    a, b = torch.rand(2, 3, 30, 20, generator=generator, dtype=torch.float64)
    where = torch.rand(3, 30, 20, generator=generator) > 0.4
    for place, value in enumerate(correlation(a, b, where)):
        pair = torch.stack((a[place][where[place]], b[place][where[place]]))
        assert value.item() == pytest.approx(torch.corrcoef(pair)[0, 1].item())


def test_sparsification_by_hand():
    """The errors 3, 0, 0, 0, found first: rms 1.5, then zero; found last: 1.5, sqrt(3), sqrt(4.5), 3."""
    error = square(3, 0, 0, 0)
    assert sparsification(error, square(4, 3, 2, 1), EVERYWHERE).item() == pytest.approx(1 / 4)
    last = (1.5 + 3**0.5 + 4.5**0.5 + 3) / 4 / 1.5
    assert sparsification(error, square(1, 2, 3, 4), EVERYWHERE).item() == pytest.approx(last)
    assert sparsification(error, square(1, 1, 1, 1), EVERYWHERE).item() == pytest.approx(1), "it knows nothing"
    assert sparsification(0 * error, square(1, 2, 3, 4), EVERYWHERE).item() == 1


def test_the_curve_of_honest_intervals_is_the_diagonal():
    """Normal errors whose deviation is known: nine in ten are within 1.645 deviations."""
    generator = torch.Generator().manual_seed(1)
    deviation = torch.linspace(1, 3, 400, dtype=torch.float64).expand(500, 400)
    error = (deviation * torch.randn(500, 400, generator=generator, dtype=torch.float64)).abs()
    everywhere = torch.ones_like(error, dtype=torch.bool)
    width, quantile = reliability(error, 1.6449 * deviation, everywhere, 0.9)
    assert width.shape == (GROUPS,) and torch.allclose(width, quantile, rtol=0.03)
    assert width.diff().min() > 0
    few = torch.zeros_like(everywhere)
    few[0, :3] = True
    assert reliability(error, deviation, few, 0.9)[0].isnan().all()


def test_all_numbers_of_two_slices():
    truth = torch.zeros(2, 8, 8, dtype=torch.complex64)
    truth[:, :6] = 1j
    image = truth * torch.tensor([1.1, 0.8]).reshape(2, 1, 1)
    found = judged(image, torch.full((2, 8, 8), 0.15), torch.tensor([0.1, 0.1]), truth, 0.9)
    assert found.keys() == {*NUMBERS, *CURVE} and all(value.shape == (2,) for value in found.values())
    assert found["coverage"].tolist() == [1, 0.25] and found["coverage_body"].tolist() == [1, 0]
    assert found["true_rms"].tolist() == pytest.approx([0.1 * 0.75**0.5, 0.2 * 0.75**0.5], rel=1e-5)
    assert found["half_width"].tolist() == pytest.approx([0.15, 0.15])
    assert found["error_quantile_10"].tolist() == pytest.approx([0.1, 0.2], rel=1e-5)
    film = judged(image, torch.full((2, 8, 8), 0.15), torch.tensor(0.1), truth, 0.9)
    assert film["predicted_rms"].tolist() == pytest.approx([0.1, 0.1]), "one number for a film"


def test_neither_scale_nor_neighbours_count():
    generator = torch.Generator().manual_seed(0)
    truth, noise, width = (torch.rand(16, 16, generator=generator, dtype=torch.float64) for _ in range(3))
    truth[:, :8] *= 0.1  # air, in part
    truth[0, 0] = 1
    scale = torch.tensor([1.0, 1000.0], dtype=torch.float64)
    alone = judged(truth + 0.1 * noise, 0.1 * width, torch.tensor(0.05), truth, 0.9)
    both = [scale[:, None, None] * value for value in (truth + 0.1 * noise, 0.1 * width, truth)]
    found = judged(both[0], both[1], 0.05 * scale, both[2], 0.9)
    assert 0.4 < alone["coverage_body"] != alone["coverage"] and {*found} == {*NUMBERS, *CURVE}
    free = ("coverage", "coverage_body", "correlation", "sparsification")
    for name, value in found.items():
        torch.testing.assert_close(value, alone[name] * (torch.ones_like(scale) if name in free else scale))
