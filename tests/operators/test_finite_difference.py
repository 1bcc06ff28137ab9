"""Finite differences: zero on constants, periodic, diagonal in the frequencies."""

import pytest
import torch

from dealias.operators.cartesian import Cartesian
from dealias.operators.finite_difference import FiniteDifference
from problems import coil_maps


def test_numbers():
    x = torch.tensor([[1.0, 2.0, 4.0], [1.0, 5.0, 4.0]])
    down, right = FiniteDifference()(x)
    assert torch.equal(down, torch.tensor([[0.0, 3.0, 0.0], [0.0, -3.0, 0.0]]))
    assert torch.equal(right, torch.tensor([[1.0, 2.0, -3.0], [4.0, -1.0, -3.0]]))
    assert not FiniteDifference()(torch.full((3, 5, 4), 2j)).any()


@pytest.mark.parametrize("shape", [(8, 6), (7, 9), (1, 5)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_spectrum(shape, dtype):
    x = torch.randn(2, *shape, dtype=dtype)
    spectrum = FiniteDifference().spectrum(x)
    assert spectrum.dtype == torch.float64 and (spectrum >= 0).all()
    seen = torch.fft.fft2(FiniteDifference().normal(x))
    torch.testing.assert_close(seen, spectrum * torch.fft.fft2(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [(6, 5), (4, 7)])
def test_spectrum_of_the_encoding(shape):
    """The diagonal of A^H A in the basis of frequencies, which is all there is without maps."""
    mask = torch.rand(2, 1, *shape) < 0.5
    mask[:, :, 0, 0] = True
    count = shape[0] * shape[1]
    waves = torch.fft.ifft2(torch.eye(count, dtype=torch.complex128).reshape(-1, *shape), norm="ortho")
    for maps in (None, coil_maps(3, *shape).to(torch.complex128)[None] * 2):
        spectrum = Cartesian(mask, maps).spectrum(waves[:1].expand(2, -1, -1))
        assert spectrum.shape == (2, *shape)
        for i in range(2):
            one = Cartesian(mask[i : i + 1], maps)
            matrix = torch.fft.fft2(one.normal(waves), norm="ortho").flatten(1)
            torch.testing.assert_close(matrix.diagonal().real.reshape(shape), spectrum[i], rtol=0, atol=1e-12)
            if maps is None:
                torch.testing.assert_close(matrix, torch.diag(matrix.diagonal()), rtol=0, atol=1e-12)
