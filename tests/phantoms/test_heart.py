"""The beating heart: what anatomy, physiology and the ranking of methods need of it, in numbers."""

import pytest
import torch

from dealias.errors import UserError
from dealias.phantoms import heart
from dealias.phantoms._random_fields import Draw
from dealias.phantoms._ventricles import contraction, outlines

SEEDS = range(3)
SHAPE = (10, 80, 80)


@pytest.fixture(scope="module")
def films():
    return {seed: heart(SHAPE, seed=seed) for seed in SEEDS}


def test_a_seed_is_a_heart_and_another_seed_another(films):
    torch.rand(7)  # the global generator does not count
    assert torch.equal(films[2], heart(SHAPE, seed=2))
    for seed in (0, 1):
        a, b = films[2].abs(), films[seed].abs()
        assert (a * b).sum() / (a.norm() * b.norm()) < 0.97


@pytest.mark.parametrize("seed", SEEDS)
def test_air_is_empty_and_the_maximum_one(films, seed):
    image = films[seed].abs()
    assert image.max().item() == pytest.approx(1, abs=1e-6)
    for corner in (image[:, :4, :4], image[:, -4:, :4], image[:, :4, -4:], image[:, -4:, -4:]):
        assert (corner == 0).all()
    assert 0.4 < (image > 0).float().mean() < 0.8


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_chest_wall_keeps_still(films, seed):
    image = films[seed].abs()
    change = image.std(0)
    body = image.amax(0) > 0.02
    assert 0.1 < (change > 0.02)[body].float().mean() < 0.5
    columns = body.any(0).nonzero().squeeze(1)
    wall = change[:, columns[:3]]
    assert (wall < 1e-3).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_heart_contracts_as_hearts_do(seed):
    """Ejection 45 to 75 % of the area, the wall thickens by 25 to 90 %, the outside hardly moves."""
    shape = outlines(torch.tensor([0.0, 1.0]), Draw(seed))
    area = shape.left.square().mean(1)
    assert 0.45 < 1 - area[1] / area[0] < 0.75
    wall = (shape.epicardium - shape.left).mean(1)
    assert 1.25 < wall[1] / wall[0] < 1.9
    assert 0.75 < (shape.epicardium[1] / shape.epicardium[0]).mean() < 1
    assert (shape.left < shape.epicardium).all()
    assert (shape.epicardium <= shape.muscle).all()
    assert (shape.muscle < shape.fat).all()
    width = (shape.right - shape.epicardium).amax(1)
    assert width[0] > width[1] > 8


@pytest.mark.parametrize("seed", SEEDS)
def test_a_beat_returns_to_its_start(seed):
    phase = torch.linspace(0, 1, 101)
    squeeze = contraction(phase, Draw(seed))
    assert squeeze[0] == squeeze[-1] == 0
    assert squeeze.max() > 0.99
    assert 0.28 < phase[squeeze.argmax()] < 0.52
    torch.testing.assert_close(contraction(phase[1:-1] + 3, Draw(seed)), squeeze[1:-1], rtol=1e-3, atol=1e-3)


def test_the_film_closes_its_loop(films):
    """The last frame is as near to the first as neighbours are to each other."""
    for film in films.values():
        steps = (film - film.roll(-1, 0)).flatten(1).norm(dim=1)
        assert steps[-1] <= 1.5 * steps[:-1].max()


def test_more_beats_are_faster():
    one, two = heart((16, 64, 64), seed=1), heart((16, 64, 64), seed=1, beats=2.0)
    assert (two[1:] - two[:-1]).norm() > 1.3 * (one[1:] - one[:-1]).norm()


def test_breathing_moves_the_liver():
    still, moved = (heart((6, 64, 64), seed=2, breathing=b).abs() for b in (0.0, 12.0))
    assert moved[:, 41:49].std(0).mean() > 1.5 * still[:, 41:49].std(0).mean()


@pytest.mark.parametrize("seed", SEEDS)
def test_no_few_components_hold_it(films, seed):
    """A film of a few singular vectors, or of a few harmonics, would flatter the methods that assume that."""
    values = torch.linalg.svdvals(films[seed].flatten(1))
    assert (values[6:].square().sum() / values[1:].square().sum()).sqrt() > 0.1
    harmonics = torch.fft.fft(films[seed], dim=0).flatten(1).norm(dim=1)
    assert harmonics[4:-3].square().sum().sqrt() > 0.05 * harmonics[1:].square().sum().sqrt()


@pytest.mark.parametrize("seed", SEEDS)
def test_its_phase_is_smooth_and_there(films, seed):
    image = films[seed]
    body = image.abs() > 0.05
    turn = torch.angle(image[:, 1:] * image[:, :-1].conj())[body[:, 1:] & body[:, :-1]]
    assert turn.abs().max() < 0.6
    assert (image[body] / image[body].abs()).mean().abs() < 0.999


@pytest.mark.parametrize("shape", [(2, 16, 16), (3, 17, 30), (1, 1, 1), (2, 20, 150)])
def test_any_shape_will_do(shape):
    image = heart(shape, seed=1, breathing=5.0)
    assert image.shape == shape
    assert image.dtype == torch.complex64
    assert torch.isfinite(image.abs()).all()
    assert image.abs().max().item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("shape", [(0, 8, 8), (8, 8), (2, 4, 8, 8)])
def test_an_impossible_shape_is_refused(shape):
    with pytest.raises(UserError, match="three positive sizes"):
        heart(shape)
