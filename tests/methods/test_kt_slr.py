"""k-t SLR reaches the minimum of its objective, whichever way its quadratic step is solved, and ranks as published."""

from dataclasses import replace
from functools import partial

import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.methods import _temporal_mean
from dealias.methods._temporal_mean import mean_filled
from dealias.methods.kt_focuss import KtFOCUSS
from dealias.methods.kt_slr import KtSLR
from dealias.phantoms import heart
from dealias.sampling import kt
from dealias.solvers.singular_values import largest_singular_value
from dealias.testing import assert_close
from films import minimised, tiny, undersampled
from problems import coil_maps

SMALL = {"iterations": 4}
SMOOTH = 1e-5  # makes the reference's objective differentiable


def objective(problem, low_rank, total_variation, smooth=0.0):
    """The objective written out for p = 1; mu_1 is in units of the first film's largest singular value."""
    size = largest_singular_value(mean_filled(problem)).item()

    def value(x):
        misfit = (problem.operator(x) - problem.data).abs().square().sum()
        gram = x.flatten(1) @ x.flatten(1).mH
        nuclear = (torch.linalg.eigvalsh(gram).clamp_min(0) + smooth**2).sqrt().sum()
        along = torch.cat([x[1:] - x[:-1], torch.zeros_like(x[:1])])
        squares = along, x.roll(-1, 1) - x, x.roll(-1, 2) - x
        steps = (sum(part.abs().square() for part in squares) + smooth**2).sqrt().sum()
        return misfit + low_rank * size * nuclear + total_variation * steps

    return value


@pytest.mark.parametrize(
    ("low_rank", "total_variation", "coils"), [(0.05, 0.1, None), (0.0, 0.1, None), (0.05, 0.0, None), (0.05, 0.1, 2)]
)
def test_reaches_the_minimum_of_the_convex_objective(low_rank, total_variation, coils):
    maps = None if coils is None else coil_maps(2, 4, 5)[None]
    problem = tiny(maps=maps)
    method = KtSLR(150, low_rank, total_variation, power=1.0, conjugate_gradients=6)
    *_, x = method.estimates(problem)
    least = minimised(objective(problem, low_rank, total_variation, SMOOTH), problem.zero_filled)
    exact = objective(problem, low_rank, total_variation)
    assert exact(x) < least * (1 + 1e-3)
    assert exact(x) < 0.98 * exact(mean_filled(problem))


def test_the_objective_falls():
    problem = tiny()
    value = objective(problem, 0.05, 0.1)
    values = [value(x).item() for x in KtSLR(100, 0.05, 0.1, power=1.0).estimates(problem)]
    assert values[-1] == pytest.approx(min(values), rel=1e-3)
    assert values[-1] < values[20] < values[0]


def test_one_coil_is_many_coils_with_one(monkeypatch):
    """The exact step along time and conjugate gradients solve the same system, from one start."""
    monkeypatch.setattr(_temporal_mean, "temporal_mean", partial(_temporal_mean.temporal_mean, iterations=30))
    problem, _ = undersampled()
    ones = replace(problem, maps=torch.ones(1, 1, 64, 64, dtype=torch.complex64))
    method = KtSLR(iterations=6, conjugate_gradients=30)
    assert_close(method(ones), method(problem), 2e-3, "maps of one coil")


def test_a_fully_sampled_film_is_only_shrunk():
    """Without total variation the minimum has a closed form: singular values lessened by mu_1 / 2."""
    film = torch.randn(4, 5, 6, dtype=torch.complex128)
    problem, _ = Acquisition.simulate(film, torch.ones(5, 6), axes=("time", "y", "x")).normalised(3)
    left, values, right = torch.linalg.svd(problem.zero_filled.flatten(1), full_matrices=False)
    shrunk = (values - 0.05 * values[0]).clamp_min(0).to(left.dtype)
    *_, x = KtSLR(150, 0.1, 0.0, power=1.0).estimates(problem)
    assert_close(x, ((left * shrunk) @ right).view(x.shape), 1e-4, "shrunk")


def of_a_heart(noise_std, known):
    """A noisy acquisition at 6x of a heart whose pixels are those of a scanner; and the truth.

    The weights are chosen on such films. On the coarse toy of films.py, 64 x 64, total variation of 5e-4 is 1.5 dB
    behind 2e-4.
    """
    film, generator = heart((16, 112, 112), seed=3), torch.Generator().manual_seed(0)
    mask = kt((16, 112, 112), 6.0, central=6, generator=generator)[:, None]
    scan = Acquisition.simulate(film, mask, None, noise_std, generator=generator, axes=("time", "y", "x"))
    return (scan if known else replace(scan, noise_std=None)), film


def test_ranks_as_published():
    """Above k-t FOCUSS, and that far above zero filling."""
    problem, film = of_a_heart(0.001, True)
    zero_filled, focuss, slr = (
        psnr(x, film).mean() for x in (problem.zero_filled, KtFOCUSS()(problem), KtSLR()(problem))
    )
    assert slr > focuss + 0.3 > zero_filled + 5


@pytest.mark.parametrize(("noise_std", "known"), [(0.001, True), (0.02, False)])
def test_weights_by_themselves_are_near_the_best(noise_std, known):
    problem, film = of_a_heart(noise_std, known)
    found = psnr(KtSLR(30)(problem), film).mean()
    grid = [(a, b) for a in (5e-5, 3e-4) for b in (2e-4, 1e-3)]
    best = max(psnr(KtSLR(30, *weights)(problem), film).mean() for weights in grid)
    assert found > best - 0.6


def test_more_coils_help():
    one, film = undersampled(6.0)
    three, _ = undersampled(6.0, coils=3)
    assert psnr(KtSLR(15)(three), film).mean() > psnr(KtSLR(15)(one), film).mean() + 1


def test_rests_where_told():
    problem, _ = undersampled()
    films = list(KtSLR(40, tolerance=3e-3).images(problem))
    assert len(films) == 40
    assert torch.equal(films[-1], films[-2])
    assert_close(films[-1], KtSLR(40)(problem), 0.15, "rested early")


def test_two_frames_are_a_film_and_one_is_not():
    problem, _ = undersampled()
    two = replace(problem, kspace=problem.kspace[:2], mask=problem.mask[:2])
    assert torch.isfinite(KtSLR(3)(two)).all()
    one = replace(problem, kspace=problem.kspace[:1], mask=problem.mask[:1])
    with pytest.raises(UserError, match="two frames or more"):
        KtSLR(3)(one)


def test_empty_data_give_an_empty_film():
    problem, _ = undersampled()
    assert (KtSLR(3)(problem.scaled(torch.zeros(1, 1, 1))) == 0).all()


@pytest.mark.parametrize("arguments", [{"power": 0.0}, {"power": 1.5}, {"low_rank": -1.0}, {"total_variation": -0.1}])
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="power"):
        KtSLR(**arguments)
