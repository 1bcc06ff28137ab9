"""After whitening the noise is white, with a standard deviation of one in each part: measured, not believed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.coils import whiten
from dealias.coils.whiten import outer_noise
from dealias.errors import Note, UserError
from dealias.noise import estimate_noise, outer_samples
from dealias.phantoms import head
from dealias.sampling import gaussian
from problems import coil_maps, film

SHAPE = (64, 72)


def correlated(coils, *shape, seed=0, scale=1.0):
    """Noise of coils that hear each other, one of them a thousand times as loud."""
    generator = torch.Generator().manual_seed(seed)
    mix = torch.randn(coils, coils, dtype=torch.complex64, generator=torch.Generator().manual_seed(9))
    mix[-1] *= 1000
    noise = torch.randn(coils, *shape, dtype=torch.complex64, generator=generator) * 2**0.5
    return scale * torch.einsum("ij,j...->i...", mix, noise)


def assert_white(kspace):
    """Both parts of all coils are independent, of unit variance."""
    samples = kspace.flatten(1)
    covariance = samples @ samples.mH / samples.shape[1]
    assert (covariance - 2 * torch.eye(len(samples))).abs().max() < 0.12
    torch.testing.assert_close(samples.real.std(1), torch.ones(len(samples)), rtol=0.04, atol=0)
    assert (samples @ samples.T / samples.shape[1]).abs().max() < 0.12, "real and imaginary parts are alike"


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_white_with_exactly_the_deviation_that_is_said(scale):
    scan = Acquisition.centred(correlated(5, *SHAPE, seed=1, scale=scale))
    white = whiten(scan, correlated(5, 20_000, scale=scale))
    assert white.noise_std.shape == (1, 1, 1) and float(white.noise_std) == 1
    assert_white(white.kspace)


def test_arrays_of_any_shape_and_one_coil():
    scan = Acquisition.centred(correlated(3, *SHAPE, seed=1))
    noise = correlated(3, 50, 400)
    torch.testing.assert_close(whiten(scan, noise.numpy()).kspace, whiten(scan, noise.flatten(1)).kspace)
    one = whiten(Acquisition.centred(7 * torch.randn(SHAPE, dtype=torch.complex64)), np.full((1, 9), 7 + 0j))
    torch.testing.assert_close(one.kspace.real.std(), torch.tensor(1.0), rtol=0.05, atol=0)


def test_the_number_of_samples_does_not_matter():
    scan, noise = Acquisition.centred(correlated(3, *SHAPE)), correlated(3, 500)
    torch.testing.assert_close(whiten(scan, torch.cat((noise, noise), 1)).kspace, whiten(scan, noise).kspace)


def test_maps_go_along_and_the_image_is_in_units_of_its_noise():
    """Fully sampled, the noise of the combined image is one wherever the coils see anything."""
    maps = coil_maps(4, *SHAPE)
    image = torch.ones(SHAPE, dtype=torch.complex64)
    clean = Acquisition.simulate(image, torch.ones(SHAPE), maps)
    noise = correlated(4, *SHAPE, seed=3, scale=0.01)
    white = whiten(replace(clean, kspace=clean.kspace + noise), correlated(4, 20_000, scale=0.01))
    silent = whiten(clean, correlated(4, 20_000, scale=0.01))
    torch.testing.assert_close(white.maps.abs().square().sum(-3), torch.ones(SHAPE))
    error = white.zero_filled - silent.zero_filled
    torch.testing.assert_close(error.real.std(), torch.tensor(1.0), rtol=0.05, atol=0)
    # consistent: the forward model of the whitened maps still explains the whitened data
    again = white.operator.forward(silent.zero_filled)
    assert (again - silent.kspace).norm() < 1e-4 * silent.kspace.norm()


def test_combining_white_coils_has_more_signal_to_noise():
    maps, ones = coil_maps(4, *SHAPE), torch.ones(SHAPE, dtype=torch.complex64)
    clean = Acquisition.simulate(ones, torch.ones(SHAPE), maps)
    noise = correlated(4, *SHAPE, seed=3, scale=0.001)
    noise[-1] /= 1000 * 0.05
    noisy = replace(clean, kspace=clean.kspace + noise)
    white, silent = whiten(noisy, noise), whiten(clean, noise)

    def ratio(a, b):
        return b.zero_filled.abs().mean() / (a.zero_filled - b.zero_filled).abs().square().mean().sqrt()

    assert ratio(white, silent) > 2 * ratio(noisy, clean)


def test_without_a_noise_scan_the_outer_samples_serve():
    maps = coil_maps(4, *SHAPE)
    y, x = torch.linspace(-1, 1, SHAPE[0])[:, None], torch.linspace(-1, 1, SHAPE[1])
    blob = torch.exp(-10 * (y**2 + x**2)) + 0j
    clean = Acquisition.simulate(blob, torch.ones(SHAPE), maps)
    noise = correlated(4, *SHAPE, seed=3, scale=0.001)
    with pytest.warns(Note, match="outermost tenth"):
        white = whiten(Acquisition(clean.kspace + noise, clean.mask))
    assert white.noise_std is None, "an upper bound is no noise level"
    outer = torch.cat(outer_samples(white), 1)
    assert outer.shape == (4, SHAPE[0] * SHAPE[1] // 10)
    alone = (outer @ outer.mH / outer.shape[1]).diagonal()
    torch.testing.assert_close(alone, torch.full((4,), 2 + 0j), rtol=1e-3, atol=0)
    assert float(estimate_noise(white)) == pytest.approx(1, rel=0.1)


@pytest.mark.filterwarnings("ignore:the noise was judged")
@pytest.mark.parametrize("told", [True, False])
def test_a_dead_coil_stays_dead_and_the_others_are_white(told):
    alive = torch.tensor([1, 0, 1, 1])[:, None, None]
    noise = correlated(4, 50, 400) * alive
    white = whiten(Acquisition.centred(correlated(4, *SHAPE, seed=1) * alive), noise if told else None)
    assert not white.kspace[1].any()
    torch.testing.assert_close(white.kspace[[0, 2, 3]].real.std((-2, -1)), torch.ones(3), rtol=0.04, atol=0)


@pytest.mark.filterwarnings("ignore:coil maps estimated", "ignore:the noise was judged")
def test_a_loud_coil_is_told_of_and_whitening_gives_each_its_due(generator):
    shape = (90, 77)
    image, maps = head(shape, seed=3), coil_maps(4, *shape)
    mask = gaussian(shape, 3, generator=generator, centre=0.2)
    full, scan = (Acquisition.simulate(image, m, maps, 0.001, generator=generator) for m in (torch.ones(shape), mask))
    gains = torch.tensor([1, 1, 100, 1])[:, None, None]
    even, loud = (replace(scan, kspace=gain * scan.kspace, maps=None) for gain in (1, gains))
    all_of_it = replace(full, kspace=gains * full.kspace, maps=None)
    noise = outer_noise(loud)

    def error(scan, full):
        found, truth = dealias.reconstruct("sense", scan).abs(), full.root_sum_of_squares
        return float((found - truth).norm() / truth.norm())

    with pytest.warns(Note, match="loudest coil is .* times that of most"):
        spoilt = error(loud, all_of_it)
    good = error(even, full)  # and no note, which would be an error
    assert error(whiten(loud, noise), whiten(all_of_it, noise)) < 1.1 * good < 0.6 * spoilt


def test_outer_samples_are_sampled_ones():
    problem = film(batch=(2, 2))
    assert all((samples != 0).all() for samples in outer_samples(problem))
    empty = problem.sampled(torch.zeros(19, 24))
    assert [samples.shape for samples in outer_samples(empty)] == [(3, 0)] * 4


@pytest.mark.parametrize(
    ("noise", "text"),
    [
        (torch.ones(4, 100), "real"),
        (torch.ones(3, 100) + 0j, "of the 4 coils"),
        (torch.ones(4) + 0j, "of the 4 coils"),
        (torch.randn(4, 7, dtype=torch.complex64), "too few"),
        (torch.randn(4, 100, dtype=torch.complex64) * torch.tensor([1, 1, 1, 0])[:, None], "leave that coil out"),
        (torch.full((4, 100), 1 + 1j), "leave that coil out"),
        (torch.full((4, 100), torch.nan + 0j), "not finite"),
    ],
)
def test_what_is_no_noise(noise, text):
    scan = Acquisition.centred(correlated(4, *SHAPE))
    with pytest.raises(UserError, match=text):
        whiten(scan, noise)
