"""The l1 image fulfils its optimality conditions and finds few bright pixels below aliasing."""

from dataclasses import replace

import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.methods.image_l1 import ImageL1
from dealias.sampling import gaussian
from dealias.testing import assert_close
from problems import coil_maps

SMALL = {"iterations": 4}


def vessels(shape=(48, 48)):
    """Three thin lines of different brightness and phase."""
    image = torch.zeros(shape, dtype=torch.complex64)
    image[10, 5:40], image[5:45, 30] = 1, 0.7j
    for i in range(30):
        image[44 - i, 5 + i] = -0.5
    return image


def undersampled(maps=None, noise_std=0.002):
    generator = torch.Generator().manual_seed(2)
    mask = gaussian((48, 48), 3.0, generator=generator)
    return Acquisition.simulate(vessels(), mask, maps, noise_std, generator=generator)


@pytest.mark.parametrize("coils", [1, 4])
def test_optimality_conditions(coils):
    problem = undersampled(coil_maps(coils, 48, 48) if coils > 1 else None).normalised()[0].to(dtype=torch.float64)
    *_, x = ImageL1(1500, 0.02).estimates(problem)
    gradient, live = problem.gradient(x), x.abs() > 1e-6
    assert 0 < live.sum() < live.numel()
    assert_close(gradient[live], -0.02 * x[live] / x[live].abs(), 1e-3, "gradient where not zero")
    assert gradient.abs().max() < 0.02 * 1.001


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("coils", [1, 4])
def test_finds_the_lines_by_itself(known, coils):
    problem = undersampled(coil_maps(coils, 48, 48) if coils > 1 else None)
    problem = problem if known else replace(problem, noise_std=None)
    assert psnr(ImageL1()(problem), vessels()) > psnr(problem.zero_filled, vessels()) + 15


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_what_cannot_be(value):
    with pytest.raises(UserError, match="regularisation"):
        ImageL1(regularisation=value)
