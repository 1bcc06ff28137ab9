"""Low rank plus sparse reaches the minimum of its objective and picks its weights itself."""

from dataclasses import replace

import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.methods._temporal_mean import mean_filled
from dealias.methods.low_rank_sparse import LowRankSparse
from dealias.solvers.singular_values import largest_singular_value
from dealias.testing import assert_close
from films import minimised, tiny, undersampled
from problems import coil_maps

SMALL = {"iterations": 4}


def objective(problem, low_rank, sparse, smooth=0.0):
    """The objective of L and S, stacked, written out."""
    size = largest_singular_value(mean_filled(problem)).item()

    def value(parts):
        low, moving = parts
        misfit = (problem.operator(low + moving) - problem.data).abs().square().sum() / 2
        gram = low.flatten(1) @ low.flatten(1).mH
        nuclear = (torch.linalg.eigvalsh(gram).clamp_min(0) + smooth**2).sqrt().sum()
        frequencies = torch.fft.fft(moving, dim=0, norm="ortho").abs().square()
        return misfit + low_rank * size * nuclear + sparse * (frequencies + smooth**2).sqrt().sum()

    return value


def test_reaches_the_minimum():
    problem = tiny(maps=coil_maps(2, 4, 5)[None])
    method = LowRankSparse(150, low_rank=0.03, sparse=0.06)
    values = [objective(problem, 0.03, 0.06)(parts).item() for parts in method._parts(problem)]
    start = torch.stack((problem.zero_filled, torch.zeros_like(problem.zero_filled)))
    assert values[-1] < minimised(objective(problem, 0.03, 0.06, 1e-5), start) * (1 + 1e-3)
    assert values[-1] == pytest.approx(min(values), rel=1e-4)
    assert values[-1] < 0.9 * values[0]


def test_what_a_film_is_made_of_is_found_apart():
    """A still background and one pixel that blinks at one frequency, fully sampled."""
    turns = 2 * torch.pi * torch.arange(8) / 8
    background = torch.randn(6, 6, dtype=torch.complex128).expand(8, -1, -1)
    blinking = torch.zeros(8, 6, 6, dtype=torch.complex128)
    blinking[:, 2, 3] = 2 * torch.exp(3j * turns)
    problem = Acquisition.simulate(background + blinking, torch.ones(6, 6), axes=("time", "y", "x"))
    scaled, scale = problem.normalised(3)
    # the blinking costs less as sparse, the background less as of low rank
    sparse = 0.5 * 2e-3 * largest_singular_value(mean_filled(scaled)).item()
    *_, parts = LowRankSparse(150, low_rank=2e-3, sparse=sparse)._parts(scaled)
    low, moving = parts * scale
    assert_close(low, background, 0.05, "the background")
    assert_close(moving, blinking, 0.05, "what blinks")


@pytest.mark.parametrize("coils", [1, 3])
def test_beats_zero_filling(coils):
    problem, film = undersampled(coils=coils)
    assert psnr(LowRankSparse()(problem), film).mean() > psnr(problem.zero_filled, film).mean() + 6


@pytest.mark.parametrize(("noise_std", "known"), [(0.001, True), (0.02, False)])
def test_weights_by_themselves_are_near_the_best(noise_std, known):
    problem, film = undersampled(noise_std=noise_std, known=known)
    grid = [(a, b) for a in (1e-3, 1e-2) for b in (1e-3, 1e-2)]
    best = max(psnr(LowRankSparse(24, *weights)(problem), film).mean() for weights in grid)
    assert psnr(LowRankSparse(24)(problem), film).mean() > best - 1.0


def test_one_frame_is_no_film():
    problem, _ = undersampled()
    one = replace(problem, kspace=problem.kspace[:1], mask=problem.mask[:1])
    with pytest.raises(UserError, match="two frames or more"):
        LowRankSparse(3)(one)


def test_empty_data_give_an_empty_film():
    problem, _ = undersampled()
    assert (LowRankSparse(3)(problem.scaled(torch.zeros(1, 1, 1))) == 0).all()


@pytest.mark.parametrize("arguments", [{"low_rank": -1.0}, {"sparse": float("nan")}, {"tolerance": -1.0}])
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="zero or more"):
        LowRankSparse(**arguments)
