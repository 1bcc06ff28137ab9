"""Plug and play: its data step against the dense solution; with a prior that is known it ends at the answer by hand."""

import pytest
import torch

import dealias
from dealias.errors import UserError
from dealias.methods._proximal import proximal_step
from dealias.methods.plug_and_play import PlugAndPlay
from dealias.phantoms import head
from dealias.testing import assert_close
from methods.test_score_prior import DEVIATION, PRIOR, half, white
from problems import coil_maps, film

SMALL = {"prior": PRIOR, "iterations": 3}


def test_the_data_step_minimises_its_objective():
    problem = film(batch=(), coils=3, shape=(5, 6)).to(dtype=torch.float64)
    x = torch.randn(5, 6, dtype=torch.complex128, generator=torch.Generator().manual_seed(0))
    level, sigma = float(problem.noise_level), 0.2
    z = proximal_step(problem, x, sigma, 0.3 * sigma**2 / level**2, 60)
    basis = torch.eye(30, dtype=torch.complex128).reshape(30, 5, 6)
    normal = problem.operator.normal(basis).reshape(30, 30).T
    right = (problem.zero_filled + 0.3 * x).flatten()
    assert_close(
        z.flatten(),
        torch.linalg.solve(normal + 0.3 * torch.eye(30, dtype=torch.float64), right),
        1e-8,
        "the dense solution",
    )


def test_of_white_images_it_is_what_the_data_and_zero_agree_on():
    """D(x) = c x, c = d^2 / (d^2 + sigma^2): at one level it ends where k (1 + rho) = y + rho c k."""
    arguments = {**PRIOR, "deviation": DEVIATION, "smallest": 0.01}
    sigma, scan = 0.2, half()
    method = white(PlugAndPlay(arguments, 60, first=sigma, last=sigma, gradients=20))
    problem, _ = method.normalised(scan)
    with torch.no_grad():
        *_, x = method.estimates(problem)
    rho = float(problem.noise_level) ** 2 / sigma**2
    shrinking = DEVIATION**2 / (DEVIATION**2 + sigma**2)
    wanted = problem.kspace[0] / (1 + rho * (1 - shrinking))
    assert_close(torch.fft.fft2(x, norm="ortho"), wanted, 1e-4, "the fixed point")


def test_the_shipped_prior_finds_more_than_compressed_sensing():
    image = head((96, 96), seed=3)
    generator = torch.Generator().manual_seed(0)
    mask = dealias.sampling.gaussian((96, 96), 4, generator=generator)
    scan = dealias.Acquisition.simulate(image, mask, coil_maps(3, 96, 96), 0.005, generator=generator)
    errors = [
        float((dealias.reconstruct(method, scan) - image).norm())
        for method in (dealias.load("plug_and_play", iterations=20), "wavelet")
    ]
    assert errors[0] < 0.8 * errors[1]


@pytest.mark.parametrize(
    "arguments",
    [
        {"prior_weight": 0.0},
        {"first": 3.0},
        {"last": 0.0},
        {"first": 0.1, "last": 0.4},
        {"gradients": 0},
        {"iterations": 0},
    ],
)
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="more than zero|correct it|exchange|impossible"):
        PlugAndPlay(**{**SMALL, **arguments})
