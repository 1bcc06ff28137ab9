import numpy as np
import pytest
import torch

from dealias.coils import combine
from dealias.errors import UserError
from problems import film


def test_root_sum_of_squares():
    problem = film()
    torch.testing.assert_close(combine(problem.coil_images), problem.root_sum_of_squares)


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_with_maps_the_image_comes_back(scale):
    maps = torch.randn(4, 6, 7, dtype=torch.complex128) * scale
    image = torch.randn(2, 6, 7, dtype=torch.complex128)
    torch.testing.assert_close(combine(maps * image[:, None], maps), image)


def test_unit_maps_are_the_adjoint_and_none_is_zero():
    problem = film()
    torch.testing.assert_close(combine(problem.coil_images, problem.maps), problem.zero_filled, atol=1e-5, rtol=1e-4)
    assert not combine(torch.ones(3, 4, 5), torch.zeros(3, 4, 5)).any()


def test_arrays_and_what_does_not_fit():
    images = np.ones((2, 3, 4, 5), np.complex64)
    assert isinstance(combine(images), np.ndarray)
    assert np.allclose(combine(images, np.ones((3, 4, 5), np.complex64)), 1)
    with pytest.raises(UserError, match="one map per coil"):
        combine(images, np.ones((2, 4, 5), np.complex64))
