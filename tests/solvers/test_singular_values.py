"""Shrinking singular values without ever decomposing the matrix of pixels, against the decomposition itself."""

import pytest
import torch

from dealias.solvers.singular_values import largest_singular_value, shrink_singular_values
from dealias.testing import assert_close

KINDS = [torch.complex128, torch.float64]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(2, 5, 6, 7), (8, 2, 3), (1, 2, 2)])
@pytest.mark.parametrize("power", [1.0, 0.1])
def test_against_the_singular_value_decomposition(kind, shape, power, generator):
    films = torch.randn(shape, dtype=kind, generator=generator)
    left, values, right = torch.linalg.svd(films.flatten(-2), full_matrices=False)
    shrunk = (values - 1.3 * values ** (power - 1)).clamp_min(0)
    wanted = ((left * shrunk.unsqueeze(-2).to(kind)) @ right).view(shape)
    assert_close(shrink_singular_values(films, 1.3, power), wanted, 1e-9, "shrunk")
    largest = largest_singular_value(films)
    assert largest.shape == (*shape[:-3], 1, 1, 1)
    assert_close(largest.flatten(), values[..., 0].flatten(), 1e-9, "the largest")


def test_a_threshold_for_each_film(generator):
    films = torch.randn(3, 4, 5, 6, dtype=torch.complex128, generator=generator)
    thresholds = torch.tensor([0.0, 2.0, 1e3], dtype=torch.float64)
    shrunk = shrink_singular_values(films, thresholds[:, None, None, None])
    assert_close(shrunk[0], films[0], 1e-12, "a threshold of zero")
    assert_close(shrunk[1], shrink_singular_values(films[1], 2.0), 1e-12, "alone")
    assert (shrunk[2] == 0).all()


@pytest.mark.parametrize("power", [1.0, 0.1])
def test_nothing_stays_nothing(power):
    assert (shrink_singular_values(torch.zeros(3, 4, 5, dtype=torch.complex64), 0.1, power) == 0).all()
