"""Other numbers of pixels: frequencies that both sizes hold stay as they are, as FFTs would do it."""

import pytest
import torch

from dealias.operators.resize import Resize
from dealias.testing import assert_close


@pytest.mark.parametrize("after", [(9, 12), (15, 20), (5, 7)])
def test_a_wave_is_the_same_wave(after):
    def wave(rows, columns):
        y, x = ((torch.arange(n, dtype=torch.float64) - n // 2) / n for n in (rows, columns))
        return torch.exp(2j * torch.pi * (2 * y[:, None] - 3 * x))

    assert_close(Resize((9, 12), after)(wave(9, 12)), wave(*after), 1e-12, "the wave")


@pytest.mark.parametrize("size", [(8, 7), (7, 8)])
def test_a_real_image_stays_real_and_its_own_size_as_it_is(size):
    x = torch.randn(2, *size, dtype=torch.float64)
    assert_close(Resize(size, size)(x), x, 1e-12, "its own size")
    large = Resize(size, (3 * size[0], 5 * size[1]))(x)
    assert not large.is_complex()
    middle = large[:, 3 * size[0] // 2 % 3 :: 3, 5 * size[1] // 2 % 5 :: 5]  # pixels at the places of the old ones
    assert_close(middle, x, 1e-12, "interpolated")


def test_padded_with_zeros_in_kspace():
    x = torch.randn(7, 9, dtype=torch.complex128)
    kspace = torch.fft.fftshift(torch.fft.fft2(torch.fft.ifftshift(x), norm="forward"))
    padded = torch.nn.functional.pad(kspace, (3, 3, 4, 4))
    wanted = torch.fft.fftshift(torch.fft.ifft2(torch.fft.ifftshift(padded), norm="forward"))
    assert_close(Resize((7, 9), (15, 15))(x), wanted, 1e-12, "the padded transform")
