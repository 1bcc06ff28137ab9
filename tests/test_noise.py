"""The estimate of noise: exact where the outer samples hold noise alone."""

import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.noise import estimate_noise
from dealias.phantoms import head
from dealias.sampling import gaussian


@pytest.mark.parametrize(("lead", "coils"), [((), 1), ((3,), 2), ((2, 2), 1)])
def test_noise_alone(lead, coils, generator):
    kspace = 0.3 * torch.randn(*lead, coils, 96, 97, dtype=torch.complex64, generator=generator) * 2**0.5
    seen = estimate_noise(Acquisition.centred(kspace))
    assert seen.shape == lead
    assert torch.allclose(seen, torch.full(lead, 0.3), rtol=0.12)


def test_an_upper_bound_on_a_head(generator):
    mask = gaussian((128, 128), 3, generator=generator)
    scan = Acquisition.simulate(head((128, 128), seed=1), mask, noise_std=0.01, generator=generator)
    assert 0.009 < float(estimate_noise(scan)) < 0.05


def test_zeros_that_nobody_measured_tell_nothing(generator):
    """A matrix that the scanner enlarged, by a mask that calls its zeros measured, and a dead coil."""
    kspace = 0.3 * torch.randn(4, 64, 64, dtype=torch.complex64, generator=generator) * 2**0.5
    kspace[1] = 0
    larger = Acquisition.centred(torch.nn.functional.pad(kspace, (8, 8, 40, 40)), torch.ones(80))
    assert float(estimate_noise(larger)) == pytest.approx(0.3, rel=0.1)


@pytest.mark.filterwarnings("ignore:the mask samples nothing")
def test_nothing_and_one_sample():
    kspace = torch.zeros(2, 1, 8, 8, dtype=torch.complex64)
    assert estimate_noise(Acquisition.centred(kspace)).tolist() == [0, 0]
    kspace[1, 0, 4, 4] = 1
    assert torch.isfinite(estimate_noise(Acquisition.centred(kspace))).all()
