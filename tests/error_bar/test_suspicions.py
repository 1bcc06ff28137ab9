"""What is suspicious of a scan: nothing of a good one, and what was spoilt of a bad one."""

from dataclasses import replace

import pytest
import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.error_bar.suspicions import LIMITS, MEANING, signs, suspicions
from dealias.phantoms import head
from problems import coil_maps, film

ROWS, COLUMNS = 96, 90


def scan(kind="cartesian", coils=4, noise=0.003):
    generator = torch.Generator().manual_seed(3)
    mask = getattr(dealias.sampling, kind)((ROWS, COLUMNS), 3, centre=0.12, generator=generator)
    maps = coil_maps(coils, ROWS, COLUMNS) if coils > 1 else None
    return Acquisition.simulate(head((ROWS, COLUMNS), seed=4), mask, maps, noise, generator=generator)


def above(problem):
    return {name for name, value in signs(problem).items() if value > LIMITS[name]}


@pytest.mark.parametrize("coils", [1, 4])
@pytest.mark.parametrize("kind", ["cartesian", "gaussian"])
def test_nothing_of_a_good_scan(kind, coils):
    assert suspicions(scan(kind, coils)) == []


def test_nothing_of_noise_and_of_nothing():
    good = scan("gaussian")
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(good.kspace.shape, dtype=torch.complex64, generator=generator) * good.mask
    assert not above(replace(good, kspace=noise, maps=None)) and signs(replace(good, kspace=0 * noise)) == {}


def test_a_spike():
    good = scan("gaussian", 1)
    row, column = (good.mask[0] & (torch.fft.fftfreq(COLUMNS).abs() > 0.2)).nonzero()[7]
    kspace = good.kspace.clone()
    kspace[..., row, column] = 0.3 * kspace.abs().max()
    bad = replace(good, kspace=kspace)
    assert above(bad) == {"spike"}
    [text] = suspicions(bad)
    assert text == MEANING["spike"].format(signs(bad)["spike"]) and "times the energy" in text


def test_k_space_beside_its_centre():
    good = scan("gaussian", 1)
    moved = replace(good, kspace=good.kspace.roll((2, -5), (-2, -1)), mask=good.mask.roll((2, -5), (-2, -1)))
    assert signs(moved)["shift"] == 5 and "shift" in above(moved)


@pytest.mark.parametrize("factor", [0, 5])
def test_a_line_too_strong_or_too_weak(factor):
    good = scan("cartesian", 1)
    chosen = (good.mask.reshape(-1, COLUMNS)[0] & (torch.fft.fftfreq(COLUMNS).abs() > 0.2)).nonzero()[5]
    kspace = good.kspace.clone()
    kspace[..., chosen] *= factor
    assert above(replace(good, kspace=kspace)) == {"line"}


def test_maps_of_another_scan():
    good = scan()
    assert "foreign" in above(replace(good, maps=good.maps.flip(-1)))
    assert "foreign" in above(replace(good, maps=good.maps.roll(1, -3)))


def test_a_body_that_moved():
    good = scan()
    lines = (torch.rand(COLUMNS, generator=torch.Generator().manual_seed(1)) < 0.4) & (
        torch.fft.fftfreq(COLUMNS).abs() > 0.03
    )
    ramp = torch.exp(-2j * torch.pi * 3 * (torch.fft.fftfreq(ROWS)[:, None] + torch.fft.fftfreq(COLUMNS)))
    assert above(replace(good, kspace=torch.where(lines, good.kspace * ramp, good.kspace))) & {"torn", "foreign"}


def test_slices_are_counted():
    good = scan("cartesian", 1)
    chosen = (good.mask.reshape(-1, COLUMNS)[0] & (torch.fft.fftfreq(COLUMNS).abs() > 0.2)).nonzero()[5]
    kspace = good.kspace.clone()
    kspace[..., chosen] *= 5
    both = Acquisition.stack([good, replace(good, kspace=kspace)])
    [text] = suspicions(both)
    assert text.startswith("in 1 of 2 slices a line of k-space")


def test_a_film_is_one_problem():
    assert isinstance(signs(film(batch=(3,), axes=("time", "y", "x"))), dict)


def test_a_loud_coil_is_no_other_scan():
    good = scan("gaussian")
    noise = torch.randn(good.kspace.shape, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    loud = noise * good.mask * torch.tensor([0, 0, 1, 0])[:, None, None] * good.kspace.abs().max() / 20
    assert "foreign" not in signs(replace(good, kspace=good.kspace + loud))


@pytest.mark.parametrize("factor", [1e-25, 1e25])
def test_the_scale_changes_nothing(factor):
    good = scan("gaussian")
    assert signs(replace(good, kspace=good.kspace * factor)) == pytest.approx(signs(good), rel=1e-4)
