"""What lives on the nouns: a prior of images, a method that samples with it, a method that finds its own coil maps."""

from dataclasses import replace

import pytest
import torch

import dealias
from dealias import cards
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.method import Method
from dealias.methods.sense import Sense
from dealias.prior import Prior
from dealias.testing import assert_close
from problems import coil_maps, film, volume


class WhitePrior(Prior):
    """Images whose pixels are independent normal numbers; its deviation is learned."""

    def __init__(self, deviation: float = 1.0) -> None:
        super().__init__()
        self.deviation = torch.nn.Parameter(torch.tensor(deviation))

    def loss(self, images, generator):
        return 0.5 * (images.abs() / self.deviation).square().mean() + self.deviation.log()

    def score(self, x, sigma):
        return -x / (self.deviation**2 + sigma**2)


class WhitePosterior(Method):
    """Draws from the posterior of white images that were measured in part, one coil, noiseless: exactly."""

    def __init__(self, deviation: float = 0.1) -> None:
        super().__init__()
        self.prior = WhitePrior(deviation)
        self.iterations = 1

    def estimates(self, problem):
        yield problem.zero_filled

    def chain(self, problem, generator):
        x = problem.zero_filled
        noise = torch.randn(x.shape[-2:], dtype=x.dtype, generator=generator)
        drawn = self.prior.deviation * noise.expand(x.shape)
        yield x + drawn - problem.operator.normal(drawn)


class OwnMaps(Method):
    """CG-SENSE with maps that it makes itself of the coils' zero-filled images."""

    own_maps = True
    iterations = 1

    def prepared(self, problem):
        images = problem.coil_images
        size = images.abs().square().sum(-3, keepdim=True).sqrt()
        return problem.with_maps(torch.where(size > 0, images / torch.where(size > 0, size, 1), 0))

    def estimates(self, problem):
        yield problem.zero_filled


def test_a_prior_is_configured_learned_and_kept(tmp_path):
    prior = WhitePrior(deviation=2.0)
    assert prior.arguments == {"deviation": 2.0}
    images = 0.5 * torch.randn(8, 16, 16, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    optimiser = torch.optim.Adam(prior.parameters(), lr=0.05)
    for _ in range(150):
        optimiser.zero_grad()
        prior.loss(images, torch.Generator()).backward()
        optimiser.step()
    assert abs(prior.deviation.item() - 0.5) < 0.02
    cards.save(tmp_path / "white.safetensors", prior)
    again = cards.load_prior(tmp_path / "white.safetensors")
    assert isinstance(again, WhitePrior) and torch.equal(again.deviation, prior.deviation)
    with pytest.raises(UserError, match="is not a method"):
        dealias.load(tmp_path / "white.safetensors")
    with pytest.raises(UserError, match="is none of dealias.priors"):
        cards.load_prior("rim")


def test_samples_are_drawn_on_the_scale_of_the_data_and_obey_them():
    problem = film(batch=(2, 2), coils=1)
    drawn = dealias.draw(WhitePosterior(), problem, 64, seed=3)
    assert drawn.shape == (64, *problem.shape)
    for image in drawn[:3]:
        assert_close(problem.operator(image), problem.kspace, 1e-5, "what was measured")
    mean, largest = problem.zero_filled, problem.zero_filled.abs().amax((-2, -1), keepdim=True)
    spread = ((drawn - mean) / largest).abs().square().mean((0, -2, -1)).sqrt()
    unseen = 1 - problem.mask.float().mean((-3, -2, -1))
    assert torch.allclose(spread, 0.1 * unseen.sqrt().expand(2, 2), rtol=0.05)
    assert torch.equal(dealias.draw(WhitePosterior(), problem, 64, seed=3), drawn), "same seed, same images"
    alone = dealias.draw(WhitePosterior(), problem[1, 0], 64, seed=3)
    assert_close(alone, drawn[:, 1, 0], 1e-5, "a slice alone")
    assert not torch.equal(dealias.draw(WhitePosterior(), problem, 1, seed=4), drawn[:1])


def test_drawing_shows_a_bar_of_steps_where_asked(capsys):
    scan = film(batch=(2,), coils=1)
    quiet = dealias.draw(WhitePosterior(), scan, 3)
    assert not capsys.readouterr().err
    assert torch.equal(dealias.draw(WhitePosterior(), scan, 3, progress=True), quiet)
    assert "/6" in capsys.readouterr().err, "three samples of two slices"


def test_drawing_can_be_interrupted():
    class Interrupted(WhitePosterior):
        def chain(self, problem, generator):
            yield problem.zero_filled
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dealias.draw(Interrupted(), film(coils=1), 2, progress=True)
    assert torch.is_grad_enabled()


def test_samples_that_cannot_be():
    with pytest.raises(UserError, match="0 samples are impossible"):
        dealias.draw(WhitePosterior(), film(coils=1), 0)
    with pytest.raises(UserError, match="yields one image"):
        dealias.draw(Sense(2), film(), 3)


def test_a_method_that_finds_its_own_maps_is_given_none():
    scan = film(batch=(2,), coils=3, shape=(32, 36)).with_maps(None)
    image = dealias.reconstruct(OwnMaps(), scan)
    assert_close(image, scan.root_sum_of_squares.to(image), 1e-5, "maps from the images themselves")
    with torch.no_grad():
        assert_close(OwnMaps()(scan), image, 1e-6, "method(problem) is reconstruct(method, problem)")


def test_a_method_by_itself_gives_what_the_driver_gives_where_maps_have_holes():
    problem = film(batch=(2,), coils=3)
    maps = problem.maps.clone()
    maps[..., :9] = 0
    problem = problem.with_maps(maps)
    method = dealias.load("rim", iterations=2)
    with torch.no_grad():
        image = method(problem)
    assert_close(dealias.reconstruct(method, problem), image, 1e-6, "the same image")
    assert not image[..., :9].any() and image[..., 9:].all()


def test_what_three_axes_couple_is_solved_as_one():
    """CG-SENSE on a volume against the dense system; two axes at a time are far from it."""
    problem = volume(batch=(), shape=(4, 5, 6)).to(dtype=torch.float64)
    basis = torch.eye(4 * 5 * 6, dtype=torch.float64).reshape(-1, 4, 5, 6)
    dense = problem.operator(basis).reshape(120, 120).T
    wanted = torch.linalg.solve(dense.T @ dense + 0.05 * torch.eye(120), dense.T @ problem.field.flatten())
    method = Sense(200, regularisation=0.05)
    assert method.together(problem) == 3
    found = method.double()(problem)
    assert_close(found.flatten(), wanted, 1e-8, "the dense solution")


def test_axes_are_names():
    kspace = torch.ones(3, 2, 8, 8, dtype=torch.complex64)
    scan = Acquisition.centred(kspace, axes="time y x")
    assert scan.axes == ("time", "y", "x") == replace(scan).axes
    assert Acquisition.centred(kspace).axes == ("y", "x")
    maps = coil_maps(2, 8, 8)
    assert scan.with_maps(maps[None]).maps.shape == (1, 2, 8, 8)
