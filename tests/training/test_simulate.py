"""Examples from images: what a scanner would have measured of a crop."""

import numpy as np
import pytest
import torch

import dealias
from dealias.configure import typed_arguments
from dealias.errors import UserError
from dealias.noise import estimate_noise
from dealias.phantoms import head
from dealias.training.augment import band_limited, shrunk, smooth_phase, tissue_phase
from dealias.training.simulate import Simulation


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def images():
    return [head((40, 36), seed=0), head((24, 50), seed=1)]


def drawn(images, size, seed=0, **settings):
    """The problem and the target that settings draw."""
    example = Simulation(images, **settings).examples(size, seeded(seed))
    return example.problem, example.truth


@pytest.mark.parametrize("lines", [0.0, 1.0])
def test_an_example_is_a_measurement_of_its_target(lines, images):
    settings = {"crop": (16, 45), "lines": lines, "batch": 3, "noise": (1e-9, 1e-9)}
    for seed in range(10):
        size = Simulation(images, **settings).size(seeded(seed))
        acquisition, target = drawn(images, size, seed, **settings)
        assert target.shape == acquisition.shape == (3, *size)
        assert all(16 <= side <= 45 for side in size)
        residual = acquisition.operator(target) - acquisition.data
        assert residual.abs().max() < 1e-5
        assert 1.4 < acquisition.acceleration < 5.6
        assert not acquisition.kspace[~acquisition.mask.expand(acquisition.kspace.shape)].any()


def test_the_same_generator_the_same_example(images):
    first, second, other = (drawn(images, (20, 24), seed) for seed in (1, 1, 2))
    assert torch.equal(first[0].kspace, second[0].kspace) and torch.equal(first[1], second[1])
    assert not torch.equal(first[0].kspace, other[0].kspace)


def test_the_lowest_frequencies_are_sampled(images):
    inside = dealias.sampling.gaussian((20, 20), 400 / 49, centre=0.2, generator=seeded())  # only its 49 lowest
    for seed in range(5):
        acquisition, _ = drawn(images, (20, 20), seed, acceleration=(4, 4), lines=0.0, centre=0.2)
        assert acquisition.centred_mask.squeeze()[inside].all()


def test_what_cannot_be_drawn_fails_at_once():
    with pytest.raises(UserError, match="acceleration 13"):
        Simulation((), acceleration=(2, 13))  # of 122 columns, within the range of crops, 10 are central
    assert Simulation((), acceleration=(2, 20), lines=0.0).acceleration == (2, 20), "no lines are ever drawn"


def test_without_a_phase_an_image_stays_real(images):
    plain = {"coils": 0.0, "band": 0.0, "image_noise": 0.0}
    real = [image.abs().to(torch.complex64) for image in images]
    turned, upright = (drawn(real, (20, 24), **plain, phase=phase)[1] for phase in (1.0, 0.0))
    assert torch.allclose(turned.abs(), upright.abs(), atol=1e-6)
    assert turned.imag.abs().max() > 0.1 and not upright.imag.any()
    with pytest.raises(UserError, match="phase"):
        Simulation((), phase=-1.0)


def test_noise_within_its_range(images):
    settings = {"noise": (1e-3, 1e-2), "hide_noise_level": 0.0}
    levels = [float(drawn(images, (16, 16), seed, **settings)[0].noise_std.squeeze()) for seed in range(40)]
    assert 1e-3 <= min(levels) < 2e-3 and 5e-3 < max(levels) <= 1e-2


def test_the_phase_is_smooth_and_of_modulus_one():
    phase = smooth_phase((31, 40), 1.0, seeded())
    assert torch.allclose(phase.abs(), torch.ones(31, 40), atol=1e-6)
    assert (phase[1:] / phase[:-1]).angle().abs().max() < 1.5
    assert torch.allclose(smooth_phase((8, 8), 0.0, seeded()), torch.ones(8, 8, dtype=torch.complex64))


def test_a_tissue_turns_by_one_angle():
    image = head((48, 40), seed=3)
    for seed in range(5):
        turn = tissue_phase(image, seeded(seed))
        torch.testing.assert_close(turn.abs(), torch.ones(48, 40))
        angles = turn.angle().unique()
        assert len(angles) == 2 and angles[0] == 0 and 0.3 * torch.pi <= angles[1] <= torch.pi
        assert image.abs()[turn.angle() > 0].mean() > image.abs()[turn.angle() == 0].mean()


def test_phases_with_edges_as_often_as_asked(images):
    real = [image.abs().to(torch.complex64) for image in images]
    plain = {"coils": 0.0, "band": 0.0, "image_noise": 0.0, "phase": 0.0}
    smooth, edged = (drawn(real, (20, 24), **plain, edges=edges)[1] for edges in (0.0, 1.0))
    assert not smooth.imag.any() and edged.imag.abs().max() > 0.1
    with pytest.raises(UserError, match="edges"):
        Simulation((), edges=1.5)


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
    clean, noisy = (drawn(images, (40, 36), 7, image_noise=share, band=0.0, coils=0.0) for share in (0, 1))
    level = (noisy[1] - clean[1]).abs().square().mean().sqrt()
    assert 0.002 < level < 0.12


def test_some_scans_do_not_tell_their_noise(images):
    told = [drawn(images, (16, 16), seed, hide_noise_level=0.5)[0].noise_std is not None for seed in range(20)]
    assert 4 < sum(told) < 16


def test_some_scans_have_many_coils(images):
    counts = {drawn(images, (16, 16), seed, coils=0.5)[0].coils for seed in range(30)}
    assert 1 in counts and len(counts) > 3 and max(counts) <= 8
    assert {drawn(images, (16, 16), seed, coils=1.0, coil_count=(5, 6))[0].coils for seed in range(9)} == {5, 6}


@pytest.fixture(scope="module")
def heads():
    return [head((90, 84), seed=0)]


@pytest.mark.parametrize("masks", [{"lines": 1.0}, {"lines": 0.0, "discs": 1.0}, {"lines": 0.0}])
def test_maps_are_found_in_what_was_measured(masks, heads):
    """As in use: ESPIRiT's maps of the noisy undersampled data, and the image that these maps combine."""
    many = {"coils": 1.0, "coil_count": (4, 6), "coil_acceleration": (4.0, 6.0), "noise": (1e-3, 1e-3), **masks}
    plain = {"band": 0.0, "image_noise": 0.0, "phase": 0.0, "hide_noise_level": 0.0}
    for seed in range(3):
        problem, target = drawn(heads, (72, 80), seed, **many, **plain, estimated_maps=1.0)
        assert problem.acceleration < 6.1
        torch.testing.assert_close(problem.maps, dealias.espirit(problem))
        holes = (problem.maps == 0).all(-3)
        assert not target[holes].any() and target.any()
        residual = problem.operator(target) - problem.data
        assert 0.5e-3 < residual.abs().square().sum().div(problem.mask.sum() * problem.coils).sqrt() < 0.1


@pytest.mark.parametrize("estimated", [0.0, 1.0])
def test_a_target_holds_the_noise_of_the_scan_as_measured_references_do(estimated, heads):
    """What was sampled of it is what was measured, but for the maps: its residual has less than the noise."""
    many = {"coils": 1.0, "coil_count": (6, 6), "coil_acceleration": (3.0, 3.0), "noise": (0.02, 0.02)}
    plain = {"band": 0.0, "image_noise": 0.0, "hide_noise_level": 0.0, "estimated_maps": estimated}
    both = (drawn(heads, (72, 80), 3, **many, **plain, noisy_target=share) for share in (1e-12, 1.0))
    scans, targets = zip(*both, strict=True)
    seen = (scans[1].maps != 0).any(-3)
    noise = (targets[1] - targets[0])[seen]  # that of one coil, as the maps have unit root sum of squares
    if not estimated:
        assert noise.abs().square().mean().sqrt() == pytest.approx(0.02 * 2**0.5, rel=0.05)
    pairs = zip(scans, targets, strict=True)
    residuals = [float((scan.operator(x) - scan.data).abs().square().sum()) for scan, x in pairs]
    assert residuals[1] < 0.95 * residuals[0]


def test_half_of_the_maps_are_measured_ones(heads, tmp_path):
    bank = dealias.coils.simulate((30, 34), 7, generator=seeded(5))
    np.save(tmp_path / "maps.npy", bank.numpy())
    settings = {"coils": 1.0, "coil_count": (3, 7), "measured_maps": str(tmp_path / "maps.npy"), "noise": (1e-9, 1e-9)}
    for seed in range(6):
        problem, target = drawn(heads, (40, 48), seed, **settings)
        assert 3 <= problem.coils <= 7
        torch.testing.assert_close(problem.maps.abs().square().sum(-3), torch.ones(1, 40, 48))
        assert (problem.operator(target) - problem.data).abs().max() < 1e-5
    with pytest.raises(UserError, match="of 7 coils"):
        Simulation((), **{**settings, "coil_count": (3, 8)})


def test_the_noise_level_that_is_told_can_be_the_estimate(heads):
    settings = {"hide_noise_level": 0.0, "coils": 0.0}
    (true, _), (estimated, _) = (drawn(heads, (64, 64), 3, **settings, estimated_noise=share) for share in (0.0, 1.0))
    torch.testing.assert_close(estimated.noise_std.squeeze(), estimate_noise(true).squeeze())
    assert not torch.equal(true.noise_std, estimated.noise_std)


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
        ({"coil_count": [1, 4]}, "coil_count cannot range"),
        ({"coil_acceleration": [4, 2]}, "coil_acceleration cannot range"),
        ({"estimated_maps": 2}, "how often"),
        ({"noisy_target": -1}, "how often"),
        ({"estimated_maps": 1, "crop": [20, 64]}, "36 pixels or more"),
        ({"measured_maps": "none.npy"}, "does not exist"),
    ],
)
def test_what_cannot_be_drawn(values, text):
    with pytest.raises(UserError, match=text) as caught:
        Simulation((), **typed_arguments(Simulation, values, given=("images",)))
    assert "\n" not in str(caught.value)
