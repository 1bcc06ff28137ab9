"""The error that held-out samples show is that which a known truth shows."""

from dataclasses import replace

import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.driver import reconstruct
from dealias.error_bar.held_out import held_out, missing
from dealias.errors import UserError
from dealias.phantoms import head
from dealias.sampling import cartesian, gaussian
from problems import coil_maps

SHAPE = (96, 90)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def scan(mask, coils=1, noise=0.002, seed=3):
    image = head(SHAPE, seed=seed)
    maps = coil_maps(coils, *SHAPE) if coils > 1 else None
    return Acquisition.simulate(image, mask, maps, noise, generator=seeded(1)), image


def points(acceleration, centre=0.06):
    return gaussian(SHAPE, acceleration, centre=centre, generator=seeded())


def wavelet(part):
    return reconstruct("wavelet", part)


def error(image, truth):
    return float((image - truth).abs().square().mean().sqrt())


@pytest.mark.parametrize("coils", [1, 4])
@pytest.mark.parametrize(
    ("mask", "far"),
    [
        (points(2), 0.2),
        (points(4), 0.2),
        (cartesian(SHAPE, 3, generator=seeded()), 0.4),
        (cartesian(SHAPE, 3, lines="equispaced", generator=seeded()), 0.4),
    ],
)
def test_the_error_is_foretold(mask, far, coils):
    measured, truth = scan(mask, coils)
    found = held_out(wavelet, measured)
    assert float(found.energy.sqrt()) == pytest.approx(error(found.image, truth), rel=far)
    assert float(found.energy.sqrt()) < error(measured.zero_filled, truth)


@pytest.mark.parametrize("method", ["zero_filled", "wavelet"])
def test_partial_fourier_is_judged_by_its_other_side(method):
    measured, truth = scan(torch.arange(90).ge(33).expand(SHAPE))
    found = held_out(lambda part: reconstruct(method, part), measured, folds=1)
    assert float(found.energy.sqrt()) == pytest.approx(error(found.image, truth), rel=0.15)


def test_each_band_is_foretold():
    """Of images of part of the samples, whose error in each band is known."""
    measured, truth = scan(points(3))
    found = held_out(wavelet, measured)
    unseen = missing(measured)
    spectrum = (torch.fft.fft2(found.image - truth, norm="ortho")).abs().square()
    assert float(spectrum[unseen].mean()) == pytest.approx(float(found.bands.mean()), rel=0.4)
    assert found.radius.shape == found.bands.shape == (10,)
    assert (found.radius.diff() > 0).all()
    assert found.bands[0] > 3 * found.bands[-1], "most is wrong where most is"


def test_noise_is_what_remains_of_a_full_scan():
    """sigma^2 in each part of every pixel of the image, whose coils together see it once."""
    for coils in (1, 4):
        full, truth = scan(torch.ones(SHAPE), coils, 0.05)
        found = held_out(lambda part: reconstruct("sense", part), full)
        assert len(found.parts) == 0
        assert float(found.energy.sqrt()) == pytest.approx(0.05 * 2**0.5, rel=0.02)
        assert error(found.image, truth) == pytest.approx(0.05 * 2**0.5, rel=0.05)
    unknown = held_out(lambda part: part.zero_filled, replace(scan(torch.ones(SHAPE), 1, 0.05)[0], noise_std=None))
    assert 1 < float(unknown.energy.sqrt()) / (0.05 * 2**0.5) < 1.25, "an upper bound, as `estimate_noise` gives it"


def test_noise_that_nobody_told_counts_as_error():
    """Then the error is that from the image of all samples and their noise."""
    measured, truth = scan(points(2), noise=0.02)
    noisy = scan(torch.ones(SHAPE), noise=0.02)[0].zero_filled
    for known, reference in ((measured, truth), (replace(measured, noise_std=None), noisy)):
        found = held_out(wavelet, known)
        assert float(found.energy.sqrt()) == pytest.approx(error(found.image, reference), rel=0.15)


def test_a_slice_alone_is_as_in_a_batch_and_scale_does_not_matter():
    both = Acquisition.stack([scan(points(3), seed=seed)[0] for seed in (3, 4)])
    together, alone = held_out(wavelet, both), held_out(wavelet, both[1])
    torch.testing.assert_close(together.energy[1], alone.energy, rtol=1e-4, atol=0)
    scaled = held_out(wavelet, both[1].scaled(torch.full((1, 1), 1e-6j)))
    torch.testing.assert_close(scaled.energy, alone.energy * 1e-12, rtol=1e-2, atol=0)  # noise is drawn, and not turned


def test_a_film_is_one_problem():
    masks = torch.stack([cartesian(SHAPE, 3, generator=seeded(i)).expand(SHAPE) for i in range(3)])[:, None]
    frames = torch.stack([head(SHAPE, seed=7)] * 3)
    film = Acquisition.simulate(frames, masks, None, 0.002, generator=seeded(), axes="time y x")
    found = held_out(wavelet, film)
    assert found.energy.shape == () and found.bands.shape == (10,)
    assert float(found.energy.sqrt()) == pytest.approx(error(found.image, frames), rel=0.4)


def test_what_nothing_tells():
    line = torch.zeros(SHAPE)
    line[:, 45] = 1
    with pytest.raises(UserError, match="too few samples"):
        held_out(wavelet, scan(line)[0])
    with pytest.raises(UserError, match="no maps"):
        held_out(wavelet, scan(points(2), 3)[0].with_maps(None))
