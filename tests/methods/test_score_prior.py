"""Langevin dynamics end where the posterior of a known prior is; both data terms; cards; what is refused."""

import pytest
import torch

import dealias
from dealias import cards
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.methods.score_prior import ScorePrior
from dealias.priors.score import Score
from dealias.testing import assert_close
from problems import coil_maps, film

PRIOR = {"features": 4, "poolings": 1}
SMALL = {"prior": PRIOR, "iterations": 2, "steps": 2}
DEVIATION, NOISE = 0.3, 0.1


def white(method):
    """The method with a prior that knows its images: independent pixels of deviation 0.3, of which the network adds
    nothing to the linear estimate."""
    method.prior.network.outwards.weight.data.zero_()
    method.prior.network.outwards.bias.data.zero_()
    return method.eval()


def half():
    """A noisy one-coil scan of half of a white image's k-space, and where in FFT order it was sampled."""
    generator = torch.Generator().manual_seed(0)
    image = torch.view_as_complex(DEVIATION * torch.randn(32, 32, 2, generator=generator))
    mask = torch.rand(32, 32, generator=generator) < 0.5
    return Acquisition.simulate(image, mask, noise_std=NOISE, generator=generator)


def moments(method, problem, count):
    """Mean error and deviation of samples in k-space: where data are, and where none are."""
    with torch.no_grad():
        generator = torch.Generator().manual_seed(1)
        drawn = torch.stack([[*method.chain(problem, generator)][-1] for _ in range(count)])
    kspace = torch.fft.fft2(drawn, norm="ortho")
    wanted = problem.kspace[0] * DEVIATION**2 / (DEVIATION**2 + NOISE**2)
    mean = kspace.mean(0) - wanted
    spread = (kspace - kspace.mean(0)).abs().square().sum(0) / (2 * (count - 1))
    seen = problem.mask[0]
    rms = [float(torch.view_as_real(mean[where]).square().mean().sqrt()) for where in (seen, ~seen)]
    return rms, [float(spread[where].mean().sqrt()) for where in (seen, ~seen)]


def test_chains_end_at_the_posterior_of_white_images():
    """Where data are its deviation is that of two measurements together, elsewhere the prior's."""
    arguments = {**PRIOR, "deviation": DEVIATION, "smallest": 0.01}
    method = white(ScorePrior(arguments, iterations=250, steps=3, step=0.15))
    (at_data, elsewhere), (narrow, wide) = moments(method, half(), 3)
    posterior = (1 / DEVIATION**2 + 1 / NOISE**2) ** -0.5
    # finite steps keep it a few per cent too wide
    assert narrow == pytest.approx(posterior, rel=0.1) and wide == pytest.approx(DEVIATION, rel=0.1)
    assert at_data < 1.3 * posterior / 3**0.5 and elsewhere < 1.3 * DEVIATION / 3**0.5


def test_the_codes_data_term_pulls_towards_the_data():
    problem = film(batch=(), coils=3).normalised()[0]
    method = ScorePrior(**{**SMALL, "iterations": 40}, data_term="normalised")
    with torch.no_grad():
        *_, x = method.estimates(problem)
        *_, none = white(ScorePrior(**{**SMALL, "iterations": 40}, step=1e-6)).estimates(problem)
    residuals = [(problem.operator(image) - problem.data).norm() for image in (x, none)]
    assert torch.isfinite(x.abs()).all() and residuals[0] < residuals[1]


def test_samples_differ_and_their_first_ones_do_not_depend_on_their_number():
    scan = film(batch=(2,), coils=3)
    method = ScorePrior(**SMALL)
    drawn = dealias.draw(method, scan, 3, seed=4)
    assert drawn.shape == (3, *scan.shape) and drawn.std(0).min() > 0
    assert torch.equal(dealias.draw(method, scan, 2, seed=4), drawn[:2])
    assert_close(dealias.draw(method, scan[1], 3, seed=4), drawn[:, 1], 1e-4, "a slice alone")


def test_more_chains_are_a_mean():
    problem = film(batch=(), coils=1)
    torch.manual_seed(0)
    two = ScorePrior(**SMALL, chains=2).eval()
    with torch.no_grad():
        both = [*two.images(problem)][-1]
        two.chains = 1
        first = [*two.images(problem)][-1]
        two.seed = 1
        second = [*two.images(problem)][-1]
    assert_close(both, (first + second) / 2, 1e-5, "the mean")


def test_a_card_needs_no_other_file_and_a_prior_serves_by_its_file(tmp_path):
    prior = Score(**PRIOR, smallest=0.01)
    cards.save(tmp_path / "prior.safetensors", prior)
    method = dealias.load("score_prior", prior=str(tmp_path / "prior.safetensors"), iterations=2)
    cards.save(tmp_path / "method.safetensors", method)
    (tmp_path / "prior.safetensors").unlink()
    again = dealias.load(tmp_path / "method.safetensors")
    scan = film(batch=(), coils=2).with_maps(coil_maps(2, 19, 24))
    assert torch.equal(dealias.reconstruct(again, scan), dealias.reconstruct(method, scan))


def test_a_weight_of_another_kind_of_method(tmp_path):
    cards.save(tmp_path / "rim.safetensors", dealias.load("rim"))
    with pytest.raises(UserError, match="rim"):
        ScorePrior(str(tmp_path / "rim.safetensors"))


@pytest.mark.parametrize(
    "arguments", [{"step": 2.0}, {"steps": 0}, {"chains": 0}, {"first": 3.0}, {"first": 0.0}, {"prior": {"size": 3}}]
)
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="correct|impossible|takes no argument"):
        ScorePrior(**{**SMALL, **arguments})
