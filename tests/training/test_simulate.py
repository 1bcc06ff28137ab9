"""Training pairs: what a scanner would have measured of a crop."""

import pytest
import torch

import dealias
from dealias.configure import configure
from dealias.errors import UserError
from dealias.phantoms import head
from dealias.training.simulate import Simulation, band_limited, shrunk, smooth_phase


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def images():
    return [head((40, 36), seed=0), head((24, 50), seed=1)]


@pytest.mark.parametrize("lines", [0.0, 1.0])
def test_a_pair_is_a_measurement_of_its_target(lines, images):
    simulation = Simulation(crop=(16, 45), lines=lines, batch=3, noise=(1e-9, 1e-9))
    for seed in range(10):
        size = simulation.size(seeded(seed))
        acquisition, target = simulation.pairs(images, size, seeded(seed))
        assert target.shape == acquisition.shape == (3, *size)
        assert all(16 <= side <= 45 for side in size)
        residual = acquisition.operator(target) - acquisition.data
        assert residual.abs().max() < 1e-5
        assert 1.4 < acquisition.acceleration < 5.6
        assert not acquisition.kspace[~acquisition.mask.expand(acquisition.kspace.shape)].any()


def test_the_same_generator_the_same_pair(images):
    first, second, other = (Simulation().pairs(images, (20, 24), seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first[0].kspace, second[0].kspace) and torch.equal(first[1], second[1])
    assert not torch.equal(first[0].kspace, other[0].kspace)


def test_the_lowest_frequencies_are_sampled(images):
    simulation = Simulation(acceleration=(4, 4), lines=0.0, centre=0.2)
    inside = dealias.sampling.gaussian((20, 20), 400 / 49, centre=0.2, generator=seeded())  # only its 49 lowest
    for seed in range(5):
        acquisition, _ = simulation.pairs(images, (20, 20), seeded(seed))
        assert acquisition.centred_mask.squeeze()[inside].all()


def test_what_cannot_be_drawn_fails_at_once():
    with pytest.raises(UserError, match="acceleration 13"):
        Simulation(acceleration=(2, 13))  # of 122 columns, within the range of crops, 10 are central
    assert Simulation(acceleration=(2, 20), lines=0.0).acceleration == (2, 20), "no lines are ever drawn"


def test_without_a_phase_an_image_stays_real(images):
    plain = {"coils": 0.0, "band": 0.0, "image_noise": 0.0}
    real = [image.abs().to(torch.complex64) for image in images]
    turned, upright = (Simulation(**plain, phase=phase).pairs(real, (20, 24), seeded())[1] for phase in (1.0, 0.0))
    assert torch.allclose(turned.abs(), upright.abs(), atol=1e-6)
    assert turned.imag.abs().max() > 0.1 and not upright.imag.any()
    with pytest.raises(UserError, match="phase"):
        Simulation(phase=-1.0)


def test_noise_within_its_range(images):
    simulation = Simulation(noise=(1e-3, 1e-2), hide_noise_level=0.0)
    levels = [float(simulation.pairs(images, (16, 16), seeded(s))[0].noise_std.squeeze()) for s in range(40)]
    assert 1e-3 <= min(levels) < 2e-3 and 5e-3 < max(levels) <= 1e-2


def test_the_phase_is_smooth_and_of_modulus_one():
    phase = smooth_phase((31, 40), 1.0, seeded())
    assert torch.allclose(phase.abs(), torch.ones(31, 40), atol=1e-6)
    assert (phase[1:] / phase[:-1]).angle().abs().max() < 1.5
    assert torch.allclose(smooth_phase((8, 8), 0.0, seeded()), torch.ones(8, 8, dtype=torch.complex64))


def test_shrinking_keeps_a_constant():
    small = shrunk(torch.full((40, 30), 2 + 1j), 0.5)
    assert small.shape == (20, 15)
    assert torch.allclose(small, torch.full((20, 15), 2 + 1j), atol=1e-5)


def test_beyond_the_band_nothing_is_left():
    for seed in range(20):
        image = torch.randn(32, 41, dtype=torch.complex64)
        energy = torch.fft.fft2(band_limited(image, seeded(seed))).abs()
        assert (energy < 1e-4).float().mean() > 0.01
        assert energy[0, 0] == pytest.approx(float(torch.fft.fft2(image)[0, 0].abs()), rel=1e-3)


def test_noise_of_the_image_is_part_of_the_target(images):
    drawn = [Simulation(image_noise=share, band=0.0, coils=0.0) for share in (0, 1)]
    clean, noisy = (simulation.pairs(images, (40, 36), seeded(7)) for simulation in drawn)
    level = (noisy[1] - clean[1]).abs().square().mean().sqrt()
    assert 0.002 < level < 0.12


def test_some_scans_do_not_tell_their_noise(images):
    simulation = Simulation(hide_noise_level=0.5)
    told = [simulation.pairs(images, (16, 16), seeded(seed))[0].noise_std is not None for seed in range(20)]
    assert 4 < sum(told) < 16


def test_some_scans_have_many_coils(images):
    counts = {Simulation(coils=0.5).pairs(images, (16, 16), seeded(seed))[0].coils for seed in range(30)}
    assert 1 in counts and len(counts) > 3 and max(counts) <= 8


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"crop": [64, 32]}, "crop cannot range"),
        ({"crop": [0, 32]}, "crop cannot range"),
        ({"crop": 64}, "crop"),
        ({"acceleration": [0.5, 4]}, "acceleration"),
        ({"noise": [0, 0.1]}, "noise"),
        ({"noise": [0.1, float("inf")]}, "noise"),
        ({"lines": 1.5}, "how often"),
        ({"coils": -0.1}, "how often"),
        ({"batch": 0}, "batch"),
        ({"centre": 0.5}, "centre"),
        ({"cropp": [1, 2]}, "did you mean crop"),
    ],
)
def test_what_cannot_be_drawn(values, text):
    with pytest.raises(UserError, match=text) as caught:
        configure(Simulation, values)
    assert "\n" not in str(caught.value)
