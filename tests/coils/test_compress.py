"""Few virtual coils hold the energy that was promised, and the images."""

from dataclasses import replace

import pytest
import torch

import dealias
from dealias.coils import compress, espirit, simulate
from dealias.coils.compress import covariance
from dealias.coils.covariance import Covariance
from dealias.errors import UserError
from dealias.phantoms import head
from problems import film

SHAPE = (48, 52)


def scan(coils=12, noise_std=0.0):
    generator = torch.Generator().manual_seed(1)
    maps = simulate(SHAPE, coils, generator=generator)
    return dealias.Acquisition.simulate(head(SHAPE), torch.ones(SHAPE), maps, noise_std, generator=generator)


@pytest.mark.parametrize("share", [0.9, 0.99, 0.9999])
def test_the_energy_that_was_promised(share):
    problem = scan(noise_std=0.001)
    few = compress(problem, energy=share)
    kept = few.kspace.abs().square().sum() / problem.kspace.abs().square().sum()
    assert share <= kept < 1
    assert few.coils < problem.coils
    fewer = compress(problem, few.coils - 1).kspace.abs().square().sum() / problem.kspace.abs().square().sum()
    assert fewer < share, "one coil less would have done"
    # the error of an image is what was lost, no more; a missing conjugate loses most of it
    before, after = problem.root_sum_of_squares, few.root_sum_of_squares
    assert (before - after).norm() <= 1.01 * (1 - kept).sqrt() * before.norm()


def test_all_coils_lose_nothing():
    problem = scan()
    same = compress(problem, problem.coils)
    torch.testing.assert_close(same.root_sum_of_squares, problem.root_sum_of_squares, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(same.zero_filled, problem.zero_filled, atol=1e-5, rtol=1e-4)


def test_maps_made_before_and_after_give_the_same_image():
    problem = scan()
    inside = problem.zero_filled.abs() > 0.2
    few = compress(problem, 6)
    assert (few.zero_filled - problem.zero_filled).abs()[inside].max() < 0.05
    again = few.with_maps(espirit(few))
    assert (again.zero_filled.abs() - problem.zero_filled.abs())[inside].abs().max() < 0.05
    assert float(few.maps.abs().square().sum(-3)[..., inside].min()) > 0.9


def test_the_mask_and_films_stay_as_they_are():
    problem = film(batch=(2, 3), coils=5, axes=("time", "y", "x"))
    few = compress(problem, 3)
    assert few.kspace.shape == (2, 3, 3, 19, 24) and "time" in few.axes
    assert torch.equal(few.mask, problem.mask) and not few.kspace[~few.mask.expand(few.kspace.shape)].any()
    assert few.maps.shape[-3] == 3 and few.noise_std.shape == problem.noise_std.shape


def test_the_noise_of_each_virtual_coil():
    levels = torch.linspace(0.5, 2, 6).reshape(6, 1, 1)
    problem = replace(scan(6), noise_std=levels)
    generator = torch.Generator().manual_seed(2)
    noise = torch.randn(6, *SHAPE, dtype=torch.complex64, generator=generator) * 2**0.5 * levels
    quiet, noisy = compress(problem, 4), None
    basis = torch.linalg.lstsq(problem.kspace.flatten(1).T, quiet.kspace.flatten(1).T).solution.T
    noisy = torch.einsum("ij,jyx->iyx", basis, noise)
    measured = noisy.real.flatten(1).std(1)
    torch.testing.assert_close(quiet.noise_std.flatten(), measured, rtol=0.05, atol=0)


def test_scale_does_not_matter():
    problem = scan()
    for factor in (2.0**-60, 2.0**60):
        scaled = compress(problem.scaled(torch.full((1, 1), factor)), 5)
        assert torch.equal(scaled.kspace / factor, compress(problem, 5).kspace)


def test_nothing_measured():
    empty = replace(scan(), kspace=torch.zeros(12, *SHAPE, dtype=torch.complex64))
    assert not compress(empty).kspace.any()


@pytest.mark.parametrize(("coils", "energy"), [(0, 0.99), (13, 0.99), (None, 0.0), (None, 1.5)])
def test_what_cannot_be(coils, energy):
    with pytest.raises(UserError, match="give"):
        compress(scan(), coils, energy=energy)


def test_the_covariance_of_the_whole_scan_decides_for_a_part():
    problem = film(batch=(4,), coils=5)
    few = compress(problem, 3)
    whole = Covariance.sum([covariance(scan) for scan in problem])
    for number, scan in enumerate(problem):
        torch.testing.assert_close(compress(scan, 3, whole=whole).kspace, few.kspace[number])
    assert not torch.allclose(compress(problem[0], 3).kspace.abs(), few.kspace[0].abs(), rtol=1e-3)
