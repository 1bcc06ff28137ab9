"""What hidden samples say of an image, by hand."""

import torch

from dealias.acquisition import Acquisition
from dealias.hidden_samples import errors, gain
from problems import film


def test_errors_of_points_are_those_of_each():
    scan = film(batch=(), coils=3)
    [(_, hidden)] = scan.folds(1, 0.2, 0)
    image = torch.zeros(scan.shape, dtype=torch.complex64)
    wrong = errors(hidden, image)
    assert wrong.shape == (19 * 24,) and int((wrong > 0).sum()) == int(hidden.mask.sum())
    assert torch.isclose(wrong.sum(), hidden.kspace.abs().double().square().sum())


def test_errors_of_lines_are_those_of_whole_lines():
    lines = torch.arange(24) % 2 == 0
    kspace = torch.randn(2, 19, 24, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    scan = Acquisition.centred(kspace * lines, lines, torch.ones(2, 19, 24) / 2**0.5)
    [(_, hidden)] = scan.folds(1, 0.2, 0)
    wrong = errors(hidden, torch.zeros(19, 24, dtype=torch.complex64))
    assert wrong.shape == (24,) and 0 < int((wrong > 0).sum()) < 12
    assert torch.isclose(wrong.sum(), hidden.kspace.abs().double().square().sum())


def test_a_gain_within_its_standard_error_is_none():
    assert gain(torch.ones(9), torch.zeros(9)) == 9
    assert gain(torch.tensor([3.0, 0.0, 0.0]), torch.tensor([0.0, 2.0, 0.5])) == 0, "chance"
    assert gain(torch.zeros(9), torch.ones(9)) == 0
