"""Examples of films: stills that move as bodies do, and what a scanner would have measured of them."""

import pytest
import torch

from dealias.configure import typed_arguments
from dealias.errors import UserError
from dealias.phantoms import head
from dealias.training.films import FilmSimulation, band_limited
from dealias.training.movement import moved

SMALL = {"crop": (12, 16), "columns": (40, 48), "frames": 4, "acceleration": (2.0, 3.0)}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def sources():
    film = torch.stack([head((30, 44), seed=0)] * 3)
    return [head((40, 36), seed=0), film * torch.tensor([1.0, 0.9, 0.8])[:, None, None]]


def test_a_still_moves_little_and_smoothly_between_frames():
    image = head((96, 80), seed=1)
    ramp = torch.linspace(-1, 1, 80).expand(96, 80).to(torch.complex64)
    for seed in range(8):
        film = moved(image, 12, seeded(seed))
        assert film.shape == (12, 96, 80) and film.abs().max() < 1.3
        steps = (film[1:] - film[:-1]).abs().square().mean((-2, -1)).sqrt()
        assert 0 < steps.max() < 0.15
        shift = (moved(ramp, 12, seeded(seed)) - ramp).real[:, 20:-20, 20:-20]
        assert shift.abs().max() < 0.3, "in half widths of the image"
        assert shift.diff(dim=-1).abs().max() < 0.1, "no folds"
    assert torch.equal(moved(image, 3, seeded(1)), moved(image, 3, seeded(1)))


@pytest.mark.parametrize(("band", "coils"), [(0.0, 0.0), (1.0, 1.0)])
def test_an_example_is_a_measurement_of_its_target(band, coils, sources):
    simulation = FilmSimulation(sources, **SMALL, noise=(1e-9, 1e-9), band=band, coils=coils, batch=2)
    for seed in range(12):
        size = simulation.size(seeded(seed))
        example = simulation.examples(size, seeded(seed))
        acquisition, target = example.problem, example.truth
        assert target.shape == acquisition.shape == (2, 4, *size) and "time" in acquisition.axes
        assert (acquisition.coils > 1) == bool(coils)
        assert (acquisition.operator(target) - acquisition.data).abs().max() < 1e-5
        lines = acquisition.centred_mask[..., 0, :]
        assert (acquisition.centred_mask == lines[..., None, :]).all(), "whole lines"
        assert not torch.equal(lines[:, 0], lines[:, 1]), "another draw in each frame"
        middle = size[1] // 2
        assert lines[..., middle - 4 : middle + 4].all()
        assert target.abs().max() < 1.5


def test_films_keep_their_brightness(sources):
    simulation = FilmSimulation(sources[1:], **SMALL, band=0.0)
    for seed in range(3):
        sums = simulation.examples((12, 40), seeded(seed)).truth[0].abs().sum((-2, -1)).tolist()
        assert max(sums) / min(sums) == pytest.approx(1.25, rel=0.01)


def test_the_same_generator_the_same_example(sources):
    simulation = FilmSimulation(sources, **SMALL)
    first, second, other = (simulation.examples((12, 40), seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.problem.kspace, second.problem.kspace) and torch.equal(first.truth, second.truth)
    assert not torch.equal(first.problem.kspace, other.problem.kspace)


def test_beyond_the_band_nothing_is_left():
    film = torch.randn(2, 5, 20, dtype=torch.complex64)
    inside = torch.fft.fftshift(torch.fft.fft(band_limited(film, 12)), -1).abs() > 1e-4
    assert inside[..., 4:16].all() and not inside[..., :4].any() and not inside[..., 16:].any()


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"crop": [64, 32]}, "crop cannot range"),
        ({"columns": [8, 32]}, "columns cannot range"),
        ({"frames": 1}, "frames"),
        ({"acceleration": [2, 40]}, "lower the acceleration"),
        ({"noise": [0, 0.1]}, "noise"),
        ({"band": 1.5}, "how often"),
        ({"batch": 0}, "batch"),
        ({"cropp": [1, 2]}, "did you mean crop"),
    ],
)
def test_what_cannot_be_drawn(values, text):
    with pytest.raises(UserError, match=text) as caught:
        FilmSimulation((), **typed_arguments(FilmSimulation, values, given=("images",)))
    assert "\n" not in str(caught.value)
