"""ESPIRiT finds the maps that made the data, those of SigPy and BART, and says where it cannot."""

import os
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.coils.espirit import _dirichlet
from dealias.errors import Note, UserError
from dealias.phantoms import head
from dealias.testing import assert_close
from problems import coil_maps

SHAPE = (64, 72)


def scan(coils=5, shape=SHAPE, mask=None, noise_std=0.0, axes=("y", "x"), batch=()):
    generator = torch.Generator().manual_seed(0)
    image = torch.stack([head(shape, seed=seed) for seed in range(int(np.prod(batch)))]) if batch else head(shape)
    mask = torch.ones(shape) if mask is None else mask
    maps = coil_maps(coils, *shape)
    return Acquisition.simulate(image.reshape(*batch, *shape), mask, maps, noise_std, generator=generator, axes=axes)


def lines(count, shape=SHAPE):
    mask = torch.zeros(shape[1])
    mask[::4] = 1
    mask[shape[1] // 2 - count // 2 : shape[1] // 2 - count // 2 + count] = 1
    return mask


def distance(a, b):
    """|a - b| per pixel at the best phase, for maps (coil, y, x) of unit size; zero where either is zero."""
    a, b = torch.as_tensor(a), torch.as_tensor(b)
    both = (a.abs().sum(-3) > 0) & (b.abs().sum(-3) > 0)
    return ((2 - 2 * (a.conj() * b).sum(-3).abs()).clamp_min(0).sqrt() * both)[both]


@pytest.mark.parametrize("shape", [(64, 72), (61, 75)])
@pytest.mark.parametrize("coils", [2, 6])
def test_the_maps_that_made_the_data(coils, shape):
    problem = scan(coils, shape, noise_std=0.001)
    maps = dealias.espirit(problem)
    assert maps.shape == (coils, *shape) and maps.dtype == torch.complex64
    size = maps.abs().square().sum(-3).sqrt()
    assert torch.allclose(size[size > 0], torch.ones(()), atol=1e-5)
    inside = problem.zero_filled.abs() > 0.2
    assert (size[inside] > 0).all()
    error = (2 - 2 * (maps.conj() * problem.maps).sum(-3).abs()[inside]).clamp_min(0).sqrt()
    assert error.median() < 0.02 and error.quantile(0.95) < 0.06


def test_the_image_of_the_maps_has_a_smooth_phase():
    """Up to one phase the maps are those that made the data, so images keep their own phase."""
    problem = scan(4)
    maps = dealias.espirit(problem)
    inside = problem.zero_filled.abs() > 0.2
    turn = (problem.maps.conj() * maps).sum(-3).sgn() * inside
    for axis in (-2, -1):
        step = turn.diff(dim=axis).abs()[(inside.diff(dim=axis) == 0) & inside.narrow(axis, 1, inside.shape[axis] - 1)]
        assert step.quantile(0.99) < 0.2


def test_sigpy_and_bart(shared, tmp_path):
    kspace = np.load(shared / "mc_espirit_brain8_full.npz")["kspace"]
    kspace = kspace[:, 67:163, 42:138].copy()  # at a coarser resolution SigPy takes a second
    maps = dealias.espirit(kspace)
    assert isinstance(maps, np.ndarray) and maps.shape == kspace.shape
    assert np.quantile(distance(maps, with_sigpy(kspace)), 0.98) < 0.01
    if shutil.which("bart"):
        theirs = with_bart(kspace, tmp_path)
        assert ((abs(theirs).sum(0) > 0) == (abs(maps).sum(0) > 0)).mean() > 0.998
        assert np.quantile(distance(maps, theirs), 0.98) < 0.01


def with_sigpy(kspace):
    # importing sigpy meets numba, which may warn of its own dependencies
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sigpy.mri.app import EspiritCalib

        return EspiritCalib(kspace, crop=0.8, thresh=0.03, max_iter=30, show_pbar=False).run()


def with_bart(kspace, folder):
    (folder / "k.hdr").write_text("# Dimensions\n{2} {1} 1 {0}\n".format(*kspace.shape))
    kspace.tofile(folder / "k.cfl")
    one = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(["bart", "ecalib", "-m1", "k", "maps"], cwd=folder, check=True, capture_output=True, env=one)
    return np.fromfile(folder / "maps.cfl", np.complex64).reshape(kspace.shape)


def test_only_what_was_sampled_counts():
    """Twelve lines are enough, whatever lies undersampled around them."""
    full, fast = scan(noise_std=0.0005), scan(mask=lines(16), noise_std=0.0005)
    difference = distance(dealias.espirit(full), dealias.espirit(fast))
    assert difference.quantile(0.9) < 0.06
    image = dealias.reconstruct("sense", fast.with_maps(dealias.espirit(fast)))
    truth = full.zero_filled
    assert (image.abs() - truth.abs()).norm() < 0.06 * truth.norm()


def test_a_round_centre_is_used_whole():
    y, x = torch.arange(64)[:, None] - 32, torch.arange(72) - 36
    disc = (y.square() + x.square() <= 9.5**2).float()
    square = ((y.abs() <= 6) & (x.abs() <= 6)).float()
    inside = scan(3).zero_filled.abs() > 0.2
    errors = []
    for mask in (disc, square):
        maps = dealias.espirit(scan(3, mask=mask, noise_std=0.0005), crop=0)
        errors.append((2 - 2 * (maps.conj() * scan(3).maps).sum(-3).abs()[inside]).clamp_min(0).sqrt().median())
    assert errors[0] < errors[1]


@pytest.mark.parametrize("batch", [(), (2,), (2, 2)])
def test_slices_do_not_know_each_other(batch):
    problem = scan(3, (24, 30), batch=batch)
    maps = dealias.espirit(problem)
    assert maps.shape == (*batch, 3, 24, 30)
    problem.with_maps(maps)
    if batch:
        last = tuple(n - 1 for n in batch)
        assert torch.equal(dealias.espirit(problem[last]), maps[last])


def test_a_film_shares_its_maps():
    """Each frame samples every third line: one alone tells nothing, together they are a full scan."""
    full = scan(3, (32, 36), batch=(2, 1))
    mask = torch.zeros(1, 3, 1, 1, 36)
    for time in range(3):
        mask[:, time, ..., time::3] = 1
    film = Acquisition(full.kspace.expand(2, 3, 3, 32, 36), full.mask, axes=("time", "y", "x")).sampled(mask)
    maps = dealias.espirit(film)
    assert maps.shape == (2, 1, 3, 32, 36)
    assert_close(maps, dealias.espirit(full), 1e-3, "maps of the film and of the full scan")
    assert film.with_maps(maps).zero_filled.shape == (2, 3, 32, 36)
    assert torch.equal(dealias.espirit(film[0]), maps[0])
    with pytest.raises(UserError, match=r"of slice \d is \d x \d"):
        dealias.espirit(Acquisition(film.kspace, film.mask))


def test_scale_and_phase_of_kspace():
    problem = scan(noise_std=0.001)
    maps = dealias.espirit(problem)
    one = torch.ones(1, 1)
    for power in (-40, 20):
        assert torch.equal(dealias.espirit(problem.scaled(one * 2.0**power)), maps)
    turned = problem.scaled(torch.polar(one, 0.7 * one))
    inside = problem.zero_filled.abs() > 0.1
    assert_close((dealias.espirit(turned) * inside), maps * inside, 1e-3, "the maps followed the phase of k-space")


def test_double_precision_and_one_coil():
    assert dealias.espirit(scan().to(dtype=torch.float64)).dtype == torch.complex128
    kspace = scan().centred_kspace.numpy()
    assert dealias.espirit(kspace).dtype == np.complex64
    maps = dealias.espirit(scan(5).centred_kspace[:1])
    assert torch.allclose(maps[maps != 0], torch.ones((), dtype=torch.complex64), atol=1e-5)


def test_nothing_measured_in_a_slice():
    problem = scan(3, (32, 36), batch=(2,))
    kspace = problem.kspace * torch.tensor([1, 0]).reshape(2, 1, 1, 1)
    maps = dealias.espirit(Acquisition(kspace, problem.mask))
    assert maps[0].any() and not maps[1].any()


def test_crop_zero_leaves_no_pixel_out():
    size = dealias.espirit(scan(noise_std=0.01), crop=0).abs().square().sum(-3)
    assert torch.allclose(size, torch.ones(()), atol=1e-5)


def test_too_small_a_centre_is_one_line_with_a_remedy():
    with pytest.raises(UserError, match=r"is \d+ x \d+, and coil maps need 6 x 6; sample a larger centre"):
        dealias.espirit(scan(mask=lines(2)))
    dealias.espirit(scan(mask=lines(12)))
    with pytest.raises(UserError, match="larger centre"):
        dealias.espirit(scan(3, (5, 40)))


@pytest.mark.parametrize("width", [6, 8, 10])
def test_a_small_centre_makes_coarse_maps(width):
    """Windows of 6 x 6 would find next to no signal in a centre of 8 x 8, and zero nearly all pixels."""
    shape = (64, 72)
    problem = scan(4, shape, noise_std=0.002)
    mask = torch.zeros(shape)
    mask[::2, ::2] = 1  # which tells the noise
    mask[32 - width // 2 : 32 + width // 2, 36 - width // 2 : 36 + width // 2] = 1
    with pytest.warns(Note, match=f"centre of k-space is {width} x {width}, so that coil maps are coarse"):
        coarse = dealias.espirit(problem.sampled(mask))
    good, image = dealias.espirit(problem), problem.zero_filled.abs()
    body = image > 0.05 * image.max()
    alike = (coarse * good.conj()).sum(-3).abs()
    assert float(alike[body].quantile(0.1)) > 0.95


@pytest.mark.parametrize(
    "arguments", [{"kernel": 13}, {"kernel": 0}, {"calibration": 8}, {"crop": 2}, {"threshold": 1}]
)
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="correct them"):
        dealias.espirit(scan(), **arguments)


def test_a_dense_grid_is_decomposed_at_every_second_pixel(monkeypatch):
    problem = scan(3, (177, 180), noise_std=0.001)
    fast = dealias.espirit(problem)
    monkeypatch.setattr(sys.modules["dealias.coils.espirit"], "DENSE", 1000)
    exact = dealias.espirit(problem)
    assert not torch.equal(fast, exact)
    assert distance(fast, exact).quantile(0.99) < 0.01
    assert ((fast != 0) == (exact != 0)).float().mean() > 0.999


def test_a_field_of_view_that_wraps_is_said():
    wide = scan(6, (128, 72))
    kspace = dealias.Acquisition.centred(wide.centred_kspace[:, ::2])  # every second row: the head folds
    with pytest.warns(Note, match=r"the field of view wraps: \d\d% of the signal"):
        dealias.espirit(kspace)


def test_noise_that_is_loud_in_one_coil_is_no_field_of_view_that_wraps():
    quiet = scan(6, (64, 72))
    noise = torch.randn(quiet.kspace.shape, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    loud = noise * (torch.arange(6) == 2)[:, None, None] * 0.1 * quiet.kspace.abs().max()
    with pytest.warns(Note, match="the noise of the loudest coil") as caught:
        dealias.espirit(dealias.Acquisition.centred(quiet.centred_kspace + loud))
    assert len(caught) == 1


def test_which_real_scans_wrap(shared):
    with pytest.warns(Note, match="wraps: 31%"):
        dealias.espirit(np.load(shared / "mc_alias8_brain.npz")["kspace"])


@pytest.mark.parametrize("omitted", [0, 24, 40])
@pytest.mark.parametrize("fast", [False, True])
def test_the_centre_lies_where_the_energy_does(omitted, fast):
    """Partial Fourier saved as acquired: the centre of k-space is up to 20 columns beside that of the matrix."""
    full = scan(6, (96, 128), noise_std=0.002)
    kspace = full.centred_kspace[..., omitted:]
    centre = 64 - omitted
    if fast:
        columns = torch.arange(kspace.shape[-1]) - centre
        kspace = kspace * ((columns % 2 == 0) | (columns.abs() <= 12))
    maps = dealias.espirit(Acquisition.centred(kspace, shift=None))
    pixels = scan(6, (96, 128)).centred_kspace[..., omitted:]
    image = Acquisition.centred(pixels, shift=None).root_sum_of_squares
    body = image > 0.2 * image.max()
    assert (maps.abs().sum(-3) > 0)[body].all()
    found = dealias.reconstruct("sense", Acquisition.centred(kspace, shift=None).with_maps(maps)).abs()
    assert (found - image).norm() < 0.06 * image.norm()


def rim_and_interior(dark, noise_std, coils=8, size=96):
    """K-space of a bright rim near the coils around an interior that is so dark, and where the latter lies."""
    y, x = torch.linspace(-1, 1, size)[:, None], torch.linspace(-1, 1, size)
    radius = ((x / 0.85).square() + (y / 0.75).square()).sqrt()
    turn = 2 * torch.pi * torch.arange(coils)[:, None, None] / coils
    near = torch.exp(-((x - 1.2 * turn.cos()).square() + (y - 1.2 * turn.sin()).square()) / 0.8)
    pixels = torch.polar(near, turn.expand_as(near)) * torch.where(radius < 0.85, dark, 1.0) * (radius < 1)
    noise = noise_std * float(torch.linalg.vector_norm(pixels, dim=0).max())
    problem = Acquisition(torch.fft.fft2(pixels, norm="ortho"), torch.ones(1, size, size, dtype=torch.bool))
    return problem.with_noise(noise, torch.Generator().manual_seed(0)), radius < 0.8


@pytest.mark.parametrize("dark", [0.3, 0.03, 0.015])
def test_a_dark_interior_keeps_its_maps(dark):
    problem, interior = rim_and_interior(dark, 0.02 * dark)
    maps = dealias.espirit(problem)
    assert (maps.abs().sum(-3) > 0)[interior].float().mean() > 0.98
    if dark == 0.3:
        assert torch.equal(dealias.espirit(problem, threshold=0.03), maps)
        return
    with pytest.warns(Note, match=r"\d% of the pixels that hold signal have no coil maps"):
        fixed = dealias.espirit(problem, threshold=0.03)
    assert (fixed.abs().sum(-3) > 0)[interior].float().mean() < 0.8


def test_noise_is_no_signal():
    """Where noise alone has singular values beyond the usual threshold, a higher one keeps it out of the maps."""
    problem = scan(noise_std=0.1)
    inside = scan().zero_filled.abs() > 0.2
    with pytest.warns(Note, match="wraps"):
        usual = dealias.espirit(problem, threshold=0.03)
    errors = [
        (2 - 2 * (maps.conj() * problem.maps).sum(-3).abs()[inside]).clamp_min(0).sqrt().median()
        for maps in (dealias.espirit(problem), usual)
    ]
    assert errors[0] < errors[1]


def test_a_slice_that_nothing_was_sampled_of():
    problem = scan(3, (32, 36), batch=(2,))
    mask = torch.ones(2, 1, 32, 36)
    mask[1] = 0
    maps = dealias.espirit(problem.sampled(mask))
    assert maps[0].any() and not maps[1].any()


def test_a_band_limited_field_is_interpolated_exactly():
    generator = torch.Generator().manual_seed(0)
    coefficients = torch.randn(11, generator=generator, dtype=torch.complex128)

    def field(places):
        return torch.exp(2j * torch.pi * places[:, None] * torch.arange(-5, 6)) @ coefficients

    for count in (11, 30, 31):
        wanted = field((torch.arange(count, dtype=torch.float64) - count // 2) / count)
        grid = field(torch.arange(11, dtype=torch.float64) / 11)
        assert_close((_dirichlet(torch.arange(count), count, 11) + 0j) @ grid, wanted, 1e-12, f"{count} points")


def test_numbers_that_dwarf_all_others_are_one_line():
    """Found by damaged files: an eigensolver that does not converge is no traceback."""
    kspace = torch.randn(3, 16, 18, dtype=torch.complex64)
    for place, size in (((0, 8, 9), 1e19), ((2, 7, 3), 1e18), ((1, 9, 9), 1e-20)):
        kspace[place] = size
    try:
        found = dealias.espirit(kspace)
    except UserError as error:
        assert "dwarf" in str(error) or "centred" in str(error)
    else:
        assert torch.isfinite(found).all()
