"""The temporal frequencies are those of NumPy, along time alone."""

import numpy as np
import torch

from dealias.operators.temporal_fourier import TemporalFourier
from dealias.testing import assert_close


def test_is_the_discrete_fourier_transform_along_time(generator):
    film = torch.randn(2, 7, 3, 4, dtype=torch.complex128, generator=generator)
    wanted = torch.from_numpy(np.fft.fft(film.numpy(), axis=1, norm="ortho"))
    assert_close(TemporalFourier()(film), wanted, 1e-12, "frequencies")


def test_a_still_film_has_one_frequency():
    q = TemporalFourier()(torch.ones(5, 2, 3, dtype=torch.complex128))
    assert (q[1:].abs() < 1e-12).all()
    assert_close(q[0], torch.full((2, 3), 5**0.5, dtype=torch.complex128), 1e-12, "the mean")
