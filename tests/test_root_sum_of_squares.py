"""Magnitudes whose squares single precision cannot hold."""

import numpy as np
import pytest
import torch

import dealias
from dealias.errors import Note
from dealias.noise import estimate_noise
from dealias.phantoms import head
from dealias.root_sum_of_squares import root_sum_of_squares

SCALES = [1.0, 1e-25, 1e25, 1e-37, 1e37]


@pytest.mark.parametrize("scale", SCALES)
def test_of_any_size(scale):
    x = torch.tensor([[3 + 0j, 0], [4j, 0], [12, 0]], dtype=torch.complex64) * scale
    assert root_sum_of_squares(x, 0).tolist() == pytest.approx([13 * scale, 0], rel=1e-6)
    assert root_sum_of_squares(x, 0, keepdim=True).shape == (1, 2)


def test_the_bits_of_usual_numbers_are_those_of_the_plain_sum(generator):
    x = torch.randn(5, 40, generator=generator)
    assert torch.equal(root_sum_of_squares(x, 0), x.square().sum(0).sqrt())


@pytest.mark.parametrize("scale", SCALES[:3])
def test_noise_and_brightness_of_a_scan(generator, scale):
    scan = dealias.Acquisition.simulate(head((32, 32)) * scale, torch.ones(32, 32))
    noisy = scan.with_noise(0.01 * float(scan.root_sum_of_squares.max()), generator)
    added = (noisy.kspace - scan.kspace).real.double().std() / scale
    assert added == pytest.approx(0.01 * float(head((32, 32)).abs().max()), rel=0.05)
    usual = dealias.Acquisition.simulate(head((32, 32)), torch.ones(32, 32))
    assert float(estimate_noise(scan)) / scale == pytest.approx(float(estimate_noise(usual)), rel=1e-4)


@pytest.mark.parametrize("scale", [1e20, 1e-23, 1e-30, 1e-40])
def test_maps_of_any_scale_are_normalised(scale):
    draw = np.random.default_rng(0)
    kspace = draw.normal(size=(3, 8, 8)) + 1j * draw.normal(size=(3, 8, 8))
    maps = draw.normal(size=(3, 8, 8)) + 1j * draw.normal(size=(3, 8, 8))
    unit = maps / (abs(maps) ** 2).sum(0) ** 0.5
    with pytest.warns(Note, match="divided by their root sum of squares"):
        found = dealias.Acquisition.centred(kspace.astype(np.complex64), maps=maps * scale)
    torch.testing.assert_close(found.maps, torch.from_numpy(unit).to(torch.complex64), rtol=1e-4, atol=1e-4)
