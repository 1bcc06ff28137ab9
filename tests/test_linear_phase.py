"""K-space whose centre lies beside the middle of the matrix: methods do not see the linear phase of its image."""

import numpy as np
import pytest
import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.methods.rim import RIM
from dealias.soft_sense import SoftSense
from files.scans import image, kspace
from problems import film


def scan(*shape, rows=0, columns=0, mask=None, axes=("y", "x")):
    """A scan (..., coil, y, x) whose centre lies so many rows and columns beside the middle."""
    data = kspace(*shape)
    if mask is not None:
        data = data * mask
    return Acquisition.centred(np.roll(data, (rows, columns), (-2, -1)), axes=axes, shift=None)


@pytest.mark.parametrize("make", [film, lambda: scan(2, 3, 48, 33), lambda: scan(48, 33, rows=1)])
def test_where_the_centre_is_in_the_middle_nothing_changes(make):
    problem = make()
    same, phase = problem.without_linear_phase()
    assert same is problem and phase is None


@pytest.mark.parametrize(("rows", "columns"), [(10, 0), (0, -8), (-15, 12)])
def test_the_centre_comes_to_the_middle(rows, columns):
    beside, middle = scan(2, 3, 48, 33, rows=rows, columns=columns), scan(2, 3, 48, 33)
    straight, phase = beside.without_linear_phase()
    assert phase.shape == (2, 48, 33)
    assert torch.allclose(phase * straight.coil_images[:, 0], beside.coil_images[:, 0], atol=1e-6)
    assert torch.allclose(straight.kspace.abs(), middle.kspace.abs(), atol=1e-6)


def test_every_problem_has_a_centre_of_its_own():
    parts = [scan(1, 48, 33, rows=rows) for rows in (0, 12, -9)]
    batch = Acquisition.stack(parts)
    straight, phase = batch.without_linear_phase()
    for place, part in enumerate(parts):
        alone, of_it = part.without_linear_phase()
        assert torch.equal(straight.kspace[place], alone.kspace)
        assert torch.equal(phase[place], torch.ones(48, 33) + 0j if of_it is None else of_it)


def test_frames_of_a_film_share_it():
    beside = scan(4, 1, 48, 33, columns=9, axes=("time", "y", "x"))
    straight, phase = beside.without_linear_phase()
    assert phase.shape == (1, 48, 33)
    assert torch.allclose(phase * straight.zero_filled, beside.zero_filled, atol=1e-6)


@pytest.mark.parametrize("name", ["zero_filled", "sense", "wavelet"])
def test_a_magnitude_does_not_depend_on_where_the_centre_lies(name):
    mask = np.random.default_rng(0).random((48, 40)) < 0.4
    mask[18:31, 14:27] = True
    middle, beside = scan(48, 40, mask=mask), scan(48, 40, mask=mask, rows=-17, columns=11)
    wanted, found = dealias.reconstruct(name, middle), dealias.reconstruct(name, beside)
    assert torch.allclose(found.abs(), wanted.abs(), atol=2e-5 * float(wanted.abs().max()))
    if name == "zero_filled":
        assert torch.allclose(found, beside.zero_filled, atol=1e-6)


def test_a_network_does_not_see_it():
    torch.manual_seed(0)
    rim = RIM(features=4, iterations=2)
    middle, beside = scan(2, 48, 40), scan(2, 48, 40, rows=14)
    maps = np.ones((2, 1, 1)) * image(48, 40) / abs(image(48, 40)) / 2**0.5
    middle, beside = middle.with_maps(maps), beside.with_maps(maps)
    with torch.no_grad():
        wanted, found = rim(middle), rim(beside)
    assert torch.allclose(found.abs(), wanted.abs(), atol=2e-5 * float(wanted.abs().max()))


def test_several_sets_of_maps():
    beside = scan(3, 48, 40, rows=14)
    maps = torch.from_numpy(image(2, 3, 48, 40))
    problem = SoftSense(beside.kspace, beside.mask, maps)
    straight, phase = problem.without_linear_phase(3)
    assert phase.shape == (1, 48, 40)
    assert torch.allclose(phase * straight.zero_filled, problem.zero_filled, atol=1e-5)
