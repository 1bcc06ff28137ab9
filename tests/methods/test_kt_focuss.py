"""k-t FOCUSS nears the minimum that its weights aim at, and is exact where nothing is missing or nothing moves."""

from dataclasses import replace

import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.methods._temporal_mean import temporal_mean
from dealias.methods.kt_focuss import KtFOCUSS
from dealias.testing import assert_close
from films import minimised, tiny, undersampled
from problems import coil_maps

SMALL = {"iterations": 6, "updates": 2}


def test_nears_the_minimum_of_the_l1_objective():
    problem = tiny(maps=coil_maps(2, 4, 5)[None])
    still = temporal_mean(problem)

    def objective(x, smooth=0.0):
        misfit = (problem.operator(x) - problem.data).abs().square().sum()
        frequencies = torch.fft.fft(x - still, dim=0, norm="ortho")
        return misfit + 2 * 0.02 * (frequencies.abs().square() + smooth**2).sqrt().sum()

    values = [objective(x).item() for x in KtFOCUSS(200, updates=30, regularisation=0.02).estimates(problem)]
    least = minimised(lambda x: objective(x, 1e-5), problem.zero_filled)
    assert values[-1] < 1.01 * least
    assert values[-1] < values[14] < objective(problem.zero_filled)


def test_a_still_film_is_its_still_image():
    """What its frames sampled together is all of k-space: nothing is missing, and nothing moves."""
    image = torch.randn(16, 20, dtype=torch.complex64)
    mask = torch.zeros(4, 1, 16, 20)
    for t in range(4):
        mask[t, ..., t::4] = 1
    problem = Acquisition.simulate(image.expand(4, -1, -1), mask, axes=("time", "y", "x"))
    assert_close(KtFOCUSS()(problem), image.expand(4, -1, -1), 1e-3, "the still film")


def test_the_still_image_is_the_mean_of_what_was_sampled():
    problem, _ = undersampled()
    seen = problem.mask.sum(0).clamp_min(1)
    wanted = torch.fft.ifft2(problem.kspace.sum(0) / seen, norm="ortho")
    assert_close(temporal_mean(problem), wanted, 1e-6, "the mean")
    unit = torch.ones(1, 1, *problem.shape[-2:], dtype=torch.complex64)
    found = temporal_mean(problem.with_maps(unit), 30)
    assert_close(found, wanted, 1e-3, "by conjugate gradients, as many coils need them")


@pytest.mark.parametrize("coils", [1, 3])
def test_beats_the_still_image_and_zero_filling(coils):
    problem, film = undersampled(coils=coils)
    others = max(psnr(x, film).mean() for x in (problem.zero_filled, temporal_mean(problem).expand(film.shape)))
    assert psnr(KtFOCUSS()(problem), film).mean() > others + 1.5


@pytest.mark.parametrize(("noise_std", "known"), [(0.001, True), (0.02, False)])
def test_lambda_by_itself_is_near_the_best(noise_std, known):
    problem, film = undersampled(noise_std=noise_std, known=known)
    best = max(psnr(KtFOCUSS(20, regularisation=r)(problem), film).mean() for r in (1e-4, 3e-3, 3e-2))
    assert psnr(KtFOCUSS(20)(problem), film).mean() > best - 0.7


@pytest.mark.parametrize(("iterations", "updates"), [(1, 3), (2, 3), (10, 3), (60, 4)])
def test_iterations_are_shared_among_the_updates(iterations, updates):
    numbers = list(KtFOCUSS(iterations, updates)._numbers())
    assert sum(numbers) == iterations
    assert len(numbers) == min(updates, iterations)
    assert max(numbers) - min(numbers) <= 1


def test_one_frame_is_no_film():
    problem, _ = undersampled()
    one = replace(problem, kspace=problem.kspace[:1], mask=problem.mask[:1])
    with pytest.raises(UserError, match="two frames or more"):
        KtFOCUSS(3)(one)


def test_empty_data_give_an_empty_film():
    problem, _ = undersampled()
    assert (KtFOCUSS(3)(problem.scaled(torch.zeros(1, 1, 1))) == 0).all()


@pytest.mark.parametrize("arguments", [{"updates": 0}, {"power": -1.0}, {"regularisation": -1.0}, {"tolerance": -1.0}])
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="updates"):
        KtFOCUSS(**arguments)
