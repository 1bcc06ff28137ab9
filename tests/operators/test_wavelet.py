"""The wavelet transform is orthogonal for any size, and PyWavelets' on even ones."""

import numpy as np
import pytest
import pywt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dealias.operators.wavelet import Wavelet, finest_diagonal

sizes = st.integers(1, 70)


@settings(deadline=None, max_examples=40)
@given(rows=sizes, columns=sizes, levels=st.integers(0, 6), is_complex=st.booleans())
def test_orthogonal(rows, columns, levels, is_complex):
    dtype = torch.complex128 if is_complex else torch.float64
    wavelet = Wavelet(levels)
    x, y = torch.randn(2, 3, rows, columns, dtype=dtype)
    before = x.clone(), y.clone()
    forward, adjoint = wavelet(x), wavelet.H(y)
    assert torch.equal(x, before[0]) and torch.equal(y, before[1])
    assert forward.shape == adjoint.shape == x.shape
    scale = x.norm() * y.norm()
    assert abs(torch.vdot(y.flatten(), forward.flatten()) - torch.vdot(adjoint.flatten(), x.flatten())) < 1e-12 * scale
    assert torch.allclose(wavelet.H(forward), x, rtol=0, atol=1e-12)
    assert torch.allclose(wavelet(adjoint), y, rtol=0, atol=1e-12)
    assert torch.equal(wavelet.normal(x), x)


@pytest.mark.parametrize("shape", [(64, 96), (32, 48), (128, 80)])
def test_pywavelets(shape):
    x = torch.randn(shape, dtype=torch.complex128)
    levels = 3 if min(shape) >= 64 else 2
    w = Wavelet(levels)(x)
    coarse, *details = pywt.wavedec2(x.numpy(), "db4", "periodization", levels)
    step = 2**levels
    np.testing.assert_allclose(w[::step, ::step], coarse, atol=1e-12)
    for level, (horizontal, vertical, diagonal) in zip(range(levels, 0, -1), details, strict=True):
        half, step = 2 ** (level - 1), 2**level
        np.testing.assert_allclose(w[half::step, ::step], horizontal, atol=1e-12)
        np.testing.assert_allclose(w[::step, half::step], vertical, atol=1e-12)
        np.testing.assert_allclose(w[half::step, half::step], diagonal, atol=1e-12)
    assert torch.equal(finest_diagonal(w), w[1::2, 1::2])


def test_batch_is_separate_problems():
    x = torch.randn(2, 3, 33, 50, dtype=torch.complex128)
    whole = Wavelet()(x)
    for i in range(2):
        for j in range(3):
            torch.testing.assert_close(whole[i, j], Wavelet()(x[i, j]), rtol=0, atol=1e-13)


def test_polynomials_have_no_details():
    """Four vanishing moments: inside, details of a cubic are zero, on an odd axis too."""
    y = torch.linspace(-1, 1, 49, dtype=torch.float64)
    w = Wavelet(1)((y**3 - y)[:, None].expand(49, 40).contiguous())
    assert w[5:-6:2, ::2].abs().max() < 1e-12


def test_tiny_image_stays():
    x = torch.randn(15, 40)
    assert torch.equal(Wavelet()(x), x)


def test_gradient_passes():
    x = torch.randn(36, 33, dtype=torch.complex128, requires_grad=True)
    y = torch.randn(36, 33, dtype=torch.complex128)
    torch.vdot(y.flatten(), Wavelet(2)(x).flatten()).real.backward()
    torch.testing.assert_close(x.grad, Wavelet(2).H(y))
