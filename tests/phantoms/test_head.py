"""The head: what anatomy and the training need of it, in numbers."""

import time

import pytest
import torch

from dealias.errors import UserError
from dealias.phantoms import head

SEEDS = range(6)


def crossings(profile, level):
    """Return how often a profile passes a level."""
    above = profile > level
    return int((above[1:] != above[:-1]).sum())


def test_a_seed_is_a_head_and_another_seed_another():
    first = head((96, 96), seed=3)
    torch.rand(7)  # the global generator does not count
    assert torch.equal(first, head((96, 96), seed=3))
    for seed in (2, 4):
        other = head((96, 96), seed=seed)
        similarity = (first.abs() * other.abs()).sum() / (first.abs().norm() * other.abs().norm())
        assert similarity < 0.97


@pytest.mark.parametrize("seed", SEEDS)
def test_from_outside_in_there_are_scalp_skull_and_brain(seed):
    image = head((256, 256), seed=seed).abs()
    assert image.max().item() == pytest.approx(1, abs=1e-6)
    for corner in (image[:12, :12], image[-12:, :12], image[:12, -12:], image[-12:, -12:]):
        assert (corner == 0).all()
    assert 0.4 < (image > 0).float().mean() < 0.75
    row = image[128]
    inside = row[row.nonzero().squeeze(1)]
    brain = inside[40:-40].median()
    for side in (inside, inside.flip(0)):
        scalp, after = side[:7].max(0)
        skull = side[int(after) : int(after) + 24].min()
        assert scalp > 3 * skull
        assert brain > 4 * skull


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cortex_is_folded(seed):
    """A circle beneath the surface of the brain crosses many sulci; a smooth shell would show none."""
    image = head((256, 256), seed=seed).abs()
    rows, columns = (image > 0).nonzero().unbind(1)
    centre = torch.tensor([rows.float().mean(), columns.float().mean()])
    half = torch.tensor([(rows.max() - rows.min()) / 2.0, (columns.max() - columns.min()) / 2.0])
    angle = torch.linspace(0, 2 * torch.pi, 720)
    y, x = centre[0] + 0.68 * half[0] * angle.cos(), centre[1] + 0.68 * half[1] * angle.sin()
    circle = image[y.round().long(), x.round().long()]
    assert crossings(circle, circle.median()) > 40


@pytest.mark.parametrize("seed", SEEDS)
def test_its_spectrum_is_that_of_a_measured_brain(seed):
    """Measured slices lose 37 to 41 dB from the second to the seventh octave, and are not piecewise constant."""
    image = head((256, 256), seed=seed).abs()
    power = torch.fft.fftshift(torch.fft.fft2(image, norm="ortho")).abs().square()
    y, x = torch.arange(256.0)[:, None] - 128, torch.arange(256.0) - 128
    radius = torch.hypot(y, x)
    octaves = [power[(radius >= r) & (radius < 2 * r)].mean() for r in (2, 64)]
    assert 33 < 10 * (octaves[0] / octaves[1]).log10() < 45
    body = image > 0.05
    step = (image[1:] - image[:-1]).abs()
    assert (step == 0)[body[1:] & body[:-1]].float().mean() < 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_its_phase_is_smooth_and_there(seed):
    image = head((128, 128), seed=seed)
    body = image.abs() > 0.05
    turn = torch.angle(image[1:] * image[:-1].conj())[body[1:] & body[:-1]]
    assert turn.abs().max() < 0.6
    unit = image[body] / image[body].abs()
    assert unit.mean().abs() < 0.999


@pytest.mark.parametrize("shape", [(16, 16), (17, 30), (31, 16), (255, 129), (1, 1), (40, 300)])
def test_any_shape_will_do(shape):
    image = head(shape, seed=1)
    assert image.shape == shape
    assert image.dtype == torch.complex64
    assert torch.isfinite(image.abs()).all()
    assert image.abs().max().item() == pytest.approx(1, abs=1e-6)


def test_a_coarse_head_is_the_mean_of_a_fine_one():
    """Pixels are partial volumes: the same fine grid under both, for one matrix is a multiple of the other."""
    fine, coarse = head((400, 400), seed=5).abs(), head((200, 200), seed=5).abs()
    low = torch.nn.functional.avg_pool2d(fine[None], 2)[0]
    low, coarse = low / low.norm(), coarse / coarse.norm()
    assert (low - coarse).norm() < 0.15


def test_it_is_quick():
    times = []
    for seed in range(3):
        start = time.process_time()
        head((256, 256), seed=seed)
        times.append(time.process_time() - start)
    assert min(times) < 0.6  # 0.15 s on an idle core


@pytest.mark.parametrize("shape", [(0, 8), (8,), (4, 8, 8)])
def test_an_impossible_shape_is_refused(shape):
    with pytest.raises(UserError, match="give two positive sizes"):
        head(shape)
