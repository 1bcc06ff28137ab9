"""Background removal and inversion: a ball, and the phantom."""

import pytest
import torch

import dealias
from brains import ball, error
from dealias.errors import UserError
from dealias.operators.dipole import Dipole
from dealias.susceptibility.division import ridge_division, thresholded_division
from dealias.susceptibility.mask import eroded
from dealias.susceptibility.pdf import project_onto_dipole_fields
from dealias.susceptibility.problem import Susceptibility
from dealias.susceptibility.total_variation import total_variation
from dealias.susceptibility.v_sharp import v_sharp
from dealias.testing import assert_adjoint

N = 48


@pytest.fixture(scope="module")
def toy():
    """A brain of small balls over an air ball below it: susceptibility, mask, local and total field."""
    mask = ball(N, 17)
    chi = -0.03 * mask.float()
    for centre, value in (((4, 5, 5), 0.1), ((4, -5, 5), 0.19), ((-5, 4, -5), 0.05)):
        chi[ball(N, 3, centre)] = value
    air = 9.2 * ball(N, 3, (-21, 0, 0)).float()
    dipole = Dipole(doubled=True)
    local = dipole(chi)
    return chi, mask, local, local + dipole(air)


def test_v_sharp_leaves_the_local_field(toy):
    _, mask, local, total = toy
    found, known = v_sharp(total, mask, (1.0, 1.0, 1.0), radius=6.0)
    inner = eroded(mask, 5.0, (1.0, 1.0, 1.0))
    assert error(total, local, inner) > 1.5
    assert error(found, local, inner & known) < 0.2
    assert not bool((known & ~mask).any()) and float(known.sum()) > 0.8 * float(mask.sum())
    with pytest.raises(UserError, match="larger mask"):
        v_sharp(total, torch.zeros_like(mask), (1.0, 1.0, 1.0))


def test_v_sharp_removes_a_harmonic_field(toy):
    chi, mask, _, total = toy
    background = total - toy[2]
    found, known = v_sharp(background, mask, (1.0, 1.0, 1.0), radius=6.0)
    inner = known & eroded(mask, 5.0, (1.0, 1.0, 1.0))
    assert float(found[inner].std()) < 0.05 * float(background[inner].std())


def test_pdf_leaves_the_local_field(toy):
    _, mask, local, total = toy
    found, _ = project_onto_dipole_fields(total, mask, Dipole(), iterations=40)
    inner = eroded(mask, 5.0, (1.0, 1.0, 1.0))
    assert error(found, local, inner) < 0.3


def test_division_has_the_slope_of_theory(toy):
    chi, mask, local, _ = toy
    dipole = Dipole()
    slopes = {}
    for corrected in (False, True):
        found = thresholded_division(local * mask, dipole, threshold=0.15, corrected=corrected)
        truth = chi[mask] - chi[mask].mean()
        slopes[corrected] = float((found[mask] * truth).sum() / truth.square().sum())
        assert error(found, chi, mask) < 0.7
    assert slopes[False] < 0.95 and slopes[True] == pytest.approx(slopes[False] / 0.82, rel=0.03)
    for gradient in (False, True):
        assert error(ridge_division(local * mask, dipole, gradient=gradient), chi, mask) < 0.7
    with pytest.raises(UserError, match="0.15"):
        thresholded_division(local, dipole, threshold=0)
    with pytest.raises(UserError, match="0.01"):
        ridge_division(local, dipole, regularisation=-1)


def test_total_variation_from_the_exact_field(toy):
    chi, mask, local, _ = toy
    found = total_variation(local, Dipole(), mask.float(), regularisation=1e-4)
    assert error(found, chi, mask) < 0.08
    with pytest.raises(UserError, match="impossible"):
        total_variation(local, Dipole(), mask.float(), regularisation=0)


def test_a_field_that_is_wrong_somewhere_is_doubted_there(toy):
    chi, mask, local, _ = toy
    noise = 0.001 * torch.randn(local.shape, generator=torch.Generator().manual_seed(0))
    wrong = ball(N, 2, (-4, -6, 4))
    given = torch.where(wrong, 0.3, local + noise)
    sure, unsure = (total_variation(given, Dipole(), mask.float(), iterations=30, rounds=n) for n in (1, 3))
    away = mask & ~ball(N, 4, (-4, -6, 4))
    assert error(unsure, chi, away) < 0.5 * error(sure, chi, away)


def test_sources_outside_explain_what_is_left_of_the_background(toy):
    chi, mask, local, total = toy
    found, _ = project_onto_dipole_fields(total, mask, Dipole(), iterations=20)
    errors = []
    for free in (False, True):
        made = total_variation(found, Dipole(), mask.float(), iterations=30, free_outside=free)
        errors.append(error(made, chi, eroded(mask, 3.0, (1.0, 1.0, 1.0))))
    assert errors[1] < 0.7 * errors[0]


def test_methods_solve_it_through_the_driver(toy):
    chi, mask, local, _ = toy
    problem = Susceptibility.of(local, mask)
    descent = dealias.reconstruct("sense", problem, iterations=10)
    sparse = dealias.reconstruct(dealias.load("total_variation", regularisation=1e-3), problem, iterations=60)
    assert descent.shape == chi.shape and not descent.is_complex() and (descent[~mask] == 0).all()
    assert error(descent, chi, mask) < 0.5
    assert error(sparse, chi, mask) < 0.2
    twice = dealias.reconstruct("sense", Susceptibility.of(2 * local, mask), iterations=10)
    torch.testing.assert_close(twice, 2 * descent, rtol=1e-4, atol=1e-5)


def test_the_weighted_dipole_is_adjoint_to_its_adjoint():
    generator = torch.Generator().manual_seed(0)
    mask = ball(12, 5)
    noise = 0.5 + torch.rand(12, 12, 12, generator=generator, dtype=torch.float64)
    field = torch.randn(12, 12, 12, generator=generator, dtype=torch.float64)
    problem = Susceptibility.of(field, mask, noise, (1.0, 1.0, 2.0), (1.0, 0.2, 0.1))
    assert_adjoint(problem.operator, field, torch.randn(12, 12, 12, generator=generator, dtype=torch.float64))


def test_a_problem_without_a_brain():
    field = torch.zeros(8, 8, 8)
    with pytest.raises(UserError, match="empty"):
        Susceptibility.of(field, torch.zeros(8, 8, 8, dtype=torch.bool))
    with pytest.raises(UserError, match="finite"):
        Susceptibility.of(field / 0, torch.ones(8, 8, 8, dtype=torch.bool))
