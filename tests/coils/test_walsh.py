"""Walsh's maps are those that made the data wherever there is signal, and unit everywhere."""

import numpy as np
import pytest
import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.coils import walsh
from dealias.errors import UserError
from dealias.phantoms import head
from problems import coil_maps

SHAPE = (64, 71)


def scan(mask=None, coils=4, batch=(), axes=("y", "x")):
    generator = torch.Generator().manual_seed(0)
    image = head(SHAPE).expand(*batch, *SHAPE)
    mask = torch.ones(SHAPE) if mask is None else mask
    maps = coil_maps(coils, *SHAPE)
    return Acquisition.simulate(image, mask, maps, 0.001, generator=generator, axes=axes)


@pytest.mark.parametrize("fast", [False, True])
def test_the_maps_that_made_the_data(fast):
    mask = torch.zeros(71)
    mask[::3] = 1
    mask[25:47] = 1
    problem = scan(mask if fast else None)
    maps = walsh(problem)
    assert torch.allclose(maps.abs().square().sum(-3), torch.ones(()), atol=1e-5)
    inside = scan().zero_filled.abs() > 0.2
    error = (2 - 2 * (maps.conj() * problem.maps).sum(-3).abs()[inside]).clamp_min(0).sqrt()
    assert error.median() < 0.05 and error.quantile(0.95) < 0.12
    image = dealias.reconstruct("sense", problem.with_maps(maps))
    assert (image.abs() - scan().zero_filled.abs()).norm() < 0.12 * image.norm()


def test_one_pixel_alone_is_the_image_itself():
    """Without neighbours R has rank one, and the maps are the coarse coil images at unit size."""
    problem = scan()
    maps = walsh(problem, neighbourhood=1, calibration=24)
    inside = problem.zero_filled.abs() > 0.2
    assert float((maps.conj() * problem.maps).sum(-3).abs()[inside].median()) > 0.999


def test_blocks_batches_films_and_arrays():
    problem = scan(batch=(2,))
    maps = walsh(problem)
    assert maps.shape == (2, 4, *SHAPE)
    assert torch.equal(walsh(problem[1]), maps[1])
    film = scan(batch=(2, 3), axes=("time", "y", "x"))
    assert walsh(film).shape == (2, 1, 4, *SHAPE)
    array = walsh(problem.centred_kspace.numpy())
    inside = problem.zero_filled[:, None].abs() > 0.2
    assert isinstance(array, np.ndarray)
    torch.testing.assert_close(torch.from_numpy(array) * inside, maps * inside, atol=1e-3, rtol=0)


@pytest.mark.parametrize("arguments", [{"neighbourhood": 4}, {"neighbourhood": -1}, {"calibration": 8}])
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="correct them"):
        walsh(scan(), **arguments)
    with pytest.raises(UserError, match="larger centre"):
        walsh(scan((torch.arange(71) % 3 == 0).float()))
