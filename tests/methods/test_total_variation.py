"""Total variation reaches its minimum, by a dual certificate, closed forms, SigPy and BART, and picks lambda itself."""

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import sigpy.mri.app
import torch

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.methods.total_variation import TotalVariation
from dealias.operators.finite_difference import FiniteDifference
from dealias.testing import assert_close
from methods.test_sense import matrix, unfolding
from methods.test_wavelet import head, undersampled
from problems import Inpainting, coil_maps

SMALL = {"iterations": 4}
D = FiniteDifference()


def lengths(differences, isotropic=True):
    size = differences.abs()
    return size.square().sum(-3).sqrt() if isotropic else size.sum(-3)


def objective(problem, x, strength, isotropic=True):
    residual = problem.operator(x) - problem.data
    return float(residual.abs().square().sum() / 2 + strength * lengths(D(x), isotropic).sum())


def solve(problem, iterations, strength, isotropic=True):
    *_, x = TotalVariation(iterations, strength, isotropic).estimates(problem)
    return x


def in_double(**others):
    return undersampled(**others).normalised()[0].to(dtype=torch.float64)


def test_a_step_in_closed_form():
    """Two levels on a ring: each moves towards the other by 2 lambda over its length."""
    x = torch.tensor([1.0] * 6 + [3.0] * 14, dtype=torch.float64)[None]
    problem = Inpainting(x, torch.ones(1, 20, dtype=torch.bool))
    wanted = torch.tensor([1 + 0.6 / 6] * 6 + [3 - 0.6 / 14] * 14, dtype=torch.float64)[None]
    assert_close(solve(problem, 400, 0.3), wanted, 1e-6, "denoised step")


@pytest.mark.parametrize("isotropic", [True, False])
def test_the_duality_gap_vanishes(isotropic):
    """Any field u of lengths up to lambda bounds the objective from below; ours meets the best bound.

    With w = A^H y - D^H u the bound is 1/2 ||y||^2 - 1/2 <w, (A^H A)^-1 w>, maximised by projected gradients.
    """
    strength = 0.05
    _, problem = unfolding(0.1)
    inverse = torch.linalg.inv(matrix(problem).mH @ matrix(problem))
    step = 1 / (8 * torch.linalg.matrix_norm(inverse, 2))
    u = last = torch.zeros(2, *problem.shape, dtype=torch.complex128)

    def solved(w):
        return (inverse @ w.flatten()).reshape(w.shape)

    for k in range(800):
        ahead = u + k / (k + 3) * (u - last)
        last, u = u, ahead + step * D(solved(problem.zero_filled - D.adjoint(ahead)))
        size = lengths(u, isotropic=True)[None] if isotropic else u.abs()
        u = u * (strength / size.clamp_min(strength))
    w = problem.zero_filled - D.adjoint(u)
    bound = float(problem.data.abs().square().sum() - torch.vdot(w.flatten(), solved(w).flatten()).real) / 2
    gaps = [
        objective(problem, solve(problem, n, strength, isotropic), strength, isotropic) / bound - 1
        for n in (5, 40, 200)
    ]
    assert gaps[0] > gaps[1] > gaps[2] > -1e-9
    assert gaps[1] < 1e-3 and gaps[2] < 1e-5


@pytest.mark.parametrize("coils", [1, 6])
@pytest.mark.parametrize("strength", [0.0005, 0.02])
def test_forty_iterations_are_near_the_minimum(coils, strength):
    problem = in_double(shape=(32, 32), maps=coil_maps(coils, 32, 32) if coils > 1 else None)
    least = objective(problem, solve(problem, 300, strength), strength)
    assert least <= objective(problem, solve(problem, 40, strength), strength) < least * (1 + 5e-3)


def test_sigpy_has_the_same_minimum():
    """Anisotropic, as SigPy's, which needs far more iterations."""
    problem = in_double(shape=(32, 32), maps=coil_maps(4, 32, 32))
    kspace, maps = problem.centred_kspace.numpy(), problem.maps.numpy()
    app = sigpy.mri.app.TotalVariationRecon(kspace, maps, 0.005, max_iter=150, show_pbar=False)
    theirs = objective(problem, torch.from_numpy(app.run()), 0.005, isotropic=False)
    ours = objective(problem, solve(problem, 100, 0.005, isotropic=False), 0.005, isotropic=False)
    assert ours <= theirs < 1.03 * ours


@pytest.mark.skipif(shutil.which("bart") is None, reason="no bart here")
def test_bart_has_the_same_minimum(tmp_path):
    problem = undersampled(shape=(32, 32), maps=coil_maps(4, 32, 32)).normalised()[0]
    for name, array in (("kspace", problem.centred_kspace), ("maps", problem.maps)):
        (tmp_path / f"{name}.hdr").write_text("# Dimensions\n32 32 1 4\n")
        array.numpy().astype(np.complex64).tofile(tmp_path / f"{name}.cfl")
    command = "bart pics -S -w1 -i200 -R T:3:0:0.005 kspace maps image"
    subprocess.run(command.split(), check=True, capture_output=True, cwd=tmp_path)
    theirs = torch.from_numpy(np.fromfile(tmp_path / "image.cfl", np.complex64).reshape(32, 32))
    ours = solve(problem, 100, 0.005)
    assert objective(problem, ours, 0.005) <= objective(problem, theirs, 0.005) * (1 + 1e-5)
    assert objective(problem, theirs, 0.005) < 1.02 * objective(problem, ours, 0.005)
    assert (ours - theirs).norm() < 0.05 * ours.norm()


@pytest.mark.parametrize("shape", [(64, 64), (61, 75)])
def test_beats_zero_filling(shape):
    problem = undersampled(shape=shape)
    assert psnr(TotalVariation()(problem), head(shape)) > psnr(problem.zero_filled, head(shape)) + 10


@pytest.mark.parametrize(
    ("acceleration", "noise_std", "known"),
    [(2.0, 0.001, True), (4.0, 0.02, True), (2.0, 0.02, False), (4.0, 0.02, False)],
)
def test_lambda_by_itself_is_near_the_best(acceleration, noise_std, known):
    problem = undersampled(acceleration, noise_std=noise_std)
    problem = problem if known else replace(problem, noise_std=None)
    best = max(psnr(TotalVariation(regularisation=value)(problem), head()) for value in (0.0005, 0.003, 0.01))
    assert psnr(TotalVariation()(problem), head()) > best - 1.5


@pytest.mark.parametrize("scale", [0.05, 20.0])
def test_maps_of_any_scale(scale):
    problem = undersampled(maps=coil_maps(4, 64, 64) * scale, noise_std=0.001 * scale)
    assert psnr(TotalVariation()(problem), head()) > 33


def test_no_regularisation_is_least_squares():
    _, problem = unfolding(0.1)
    wanted = torch.linalg.lstsq(matrix(problem), problem.kspace.flatten()).solution.reshape(problem.shape)
    assert_close(solve(problem, 200, 0.0), wanted, 1e-4, "least squares")


def test_empty_data_give_an_empty_image():
    empty = undersampled().scaled(torch.zeros(1, 1))
    assert not TotalVariation(4)(empty).any()
    nothing = Acquisition.simulate(head(), torch.zeros(64, 64))
    assert not TotalVariation(4)(nothing).any()


def test_an_image_of_one_column():
    problem = Acquisition.simulate(torch.randn(20, 1, dtype=torch.complex64), torch.ones(20, 1))
    assert torch.isfinite(TotalVariation()(problem)).all()


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_what_cannot_be(value):
    with pytest.raises(UserError, match="regularisation"):
        TotalVariation(regularisation=value)
