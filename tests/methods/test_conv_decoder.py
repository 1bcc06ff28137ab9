"""ConvDecoder: the published sizes and counts; held-out samples stop it near its best; averages; what is refused."""

import pytest
import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.methods.conv_decoder import ConvDecoder
from dealias.networks.decoder import Decoder, ladder
from dealias.phantoms import head
from dealias.testing import assert_close
from problems import coil_maps, film

SMALL = {"features": 4, "layers": 3, "iterations": 3, "rate": 0.001}


def count(module):
    return sum(value.numel() for value in module.parameters())


@pytest.mark.parametrize(("layers", "parameters"), [(7, 1_619_840), (8, 1_850_560)])
def test_the_paper_counts_its_parameters(layers, parameters):
    """160 features and 15 coils, as the notebooks of its authors print."""
    assert count(Decoder(160, 30, layers, (8, 4), (640, 368))) == parameters


def test_the_papers_sizes():
    sizes = [(17, 9), (35, 19), (72, 39), (149, 82), (309, 174), (640, 368)]
    assert ladder((8, 4), (640, 368), 6) == sizes
    network = Decoder(2, 6, 7, (8, 4), (50, 37))
    assert network(torch.rand(1, 2, 8, 4)).shape == (1, 6, 50, 37)


@pytest.fixture(scope="module")
def noisy():
    """A noisy scan of four coils, and its truth."""
    image = head((64, 64), seed=3)
    generator = torch.Generator().manual_seed(0)
    mask = dealias.sampling.gaussian((64, 64), 3, generator=generator)
    return Acquisition.simulate(image, mask, coil_maps(4, 64, 64), 0.05, generator=generator), image


def test_held_out_samples_choose_nearly_the_best_update(noisy):
    scan, image = noisy
    method = ConvDecoder(24, 5, 250, patience=250)
    scores = [float(psnr(x.abs(), image.abs())) for x in dealias.iterate(method, scan)]
    chosen, best = scores[-2], max(scores[:-1])  # the last also obeys the data, noise and all
    assert chosen > best - 1
    start = float(psnr(dealias.reconstruct("zero_filled", scan).abs(), image.abs()))
    assert chosen > start + 3


def test_a_network_that_no_longer_gains_rests(noisy):
    scan, _ = noisy
    method = ConvDecoder(**{**SMALL, "iterations": 30, "rate": 1.0}, patience=2)
    images = list(dealias.iterate(method, scan))
    assert len(images) == 30 and torch.equal(images[-2], images[-8])


def test_samples_of_one_coil_come_back_as_measured():
    scan = film(coils=1)
    image = dealias.reconstruct(ConvDecoder(**SMALL), scan)
    assert_close(scan.operator(image), scan.kspace, 1e-5, "what was measured")


def test_runs_are_averaged_and_seeds_differ():
    problem = film(batch=(), coils=1)
    one, other = ([*ConvDecoder(**SMALL, seed=seed).images(problem)][-1] for seed in (5, 6))
    both = [*ConvDecoder(**SMALL, seed=5, runs=2).images(problem)][-1]
    assert not torch.equal(one, other)
    assert_close(both, (one + other) / 2, 1e-5, "the mean of both runs")


def test_random_numbers_of_others_stay_as_they_are():
    torch.manual_seed(1)
    wanted = torch.rand(3)
    torch.manual_seed(1)
    ConvDecoder(**SMALL)(film(batch=(), coils=1))
    assert torch.equal(torch.rand(3), wanted)


def test_nothing_held_is_judged_by_what_is_fitted():
    problem = film(batch=(), coils=1)
    *_, x, _ = ConvDecoder(**{**SMALL, "iterations": 40, "rate": 0.008}, held=0).images(problem)
    start, *_ = ConvDecoder(**SMALL, held=0).images(problem)
    first, last = ((problem.operator(image) - problem.data).norm() for image in (start, x))
    assert last < 0.9 * first


@pytest.mark.parametrize("arguments", [{"held": 1.0}, {"rate": 0.0}, {"runs": 0}, {"patience": 0}, {"layers": 0}])
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="correct them|impossible"):
        ConvDecoder(**{**SMALL, **arguments})


@pytest.mark.parametrize("name", ["conv_decoder", "deep_image_prior"])
def test_one_pixel_is_refused_and_a_line_is_not(name):
    generator = torch.Generator().manual_seed(0)
    one, line = (Acquisition.centred(torch.randn(1, n, dtype=torch.complex64, generator=generator)) for n in (1, 6))
    method = dealias.load(name, features=4, iterations=2)
    with pytest.raises(UserError, match="two pixels or more"):
        dealias.reconstruct(method, one)
    assert dealias.reconstruct(method, line).isfinite().all()
