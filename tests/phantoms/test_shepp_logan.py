"""The exact k-space against the drawn phantom, the package's transform, and integrals worked by hand."""

import math

import pytest
import torch
from torch.nn.functional import max_pool2d

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.phantoms.shepp_logan import ELLIPSES, shepp_logan, shepp_logan_kspace


def test_grey_values_by_hand():
    image = shepp_logan((256, 256))
    at = {(128, 128): 0.2, (12, 128): 1.0, (128, 156): 0.0, (128, 100): 0.0, (83, 128): 0.3, (2, 2): 0.0}
    for (row, column), value in at.items():
        assert image[row, column].item() == pytest.approx(value, abs=1e-6)
    # the small ellipses lie below, the larger of the dark ones on the left
    assert image[205, 128].item() == pytest.approx(0.3, abs=1e-6)
    assert (image[:, :128] == 0).sum() > (image[:, 129:] == 0).sum()


@pytest.mark.parametrize("shape", [(128, 128), (127, 128), (64, 81)])
def test_the_centre_of_kspace_is_the_integral(shape):
    kspace = shepp_logan_kspace(shape)
    integral = sum(grey * math.pi * a * b for grey, a, b, *_ in ELLIPSES)
    wanted = integral / 4 * math.sqrt(shape[0] * shape[1])
    assert kspace[shape[0] // 2, shape[1] // 2].real.item() == pytest.approx(wanted, rel=1e-6)
    assert abs(kspace[shape[0] // 2, shape[1] // 2].imag.item()) < 1e-6


@pytest.mark.parametrize("shape", [(256, 256), (255, 300)])
def test_zero_filled_it_is_the_phantom_away_from_edges(shape):
    image = shepp_logan(shape)
    found = Acquisition.centred(shepp_logan_kspace(shape), torch.ones(shape)).zero_filled
    spread = max_pool2d(image[None], 13, 1, 6) + max_pool2d(-image[None], 13, 1, 6)
    flat = spread[0] == 0
    assert 0.3 < flat.float().mean() < 0.9
    error = (found - image)[flat].abs()
    assert error.max() < 0.06  # ringing
    assert error.square().mean().sqrt() < 0.008
    assert (found - image)[flat].mean().abs() < 5e-4


def test_it_is_the_limit_of_finer_and_finer_pixels():
    exact = shepp_logan_kspace((32, 32))
    fine = 1024
    image = shepp_logan((fine, fine)).to(torch.complex128)
    kspace = torch.fft.fftshift(torch.fft.fft2(torch.fft.ifftshift(image), norm="ortho"))
    low = kspace[fine // 2 - 16 : fine // 2 + 16, fine // 2 - 16 : fine // 2 + 16] * 32 / fine
    assert (low - exact).abs().max() < 2e-3 * exact.abs().max()


def test_an_impossible_shape_is_refused():
    with pytest.raises(UserError, match="give two positive sizes"):
        shepp_logan_kspace((0, 4))
    with pytest.raises(UserError, match="give two positive sizes"):
        shepp_logan((4,))
