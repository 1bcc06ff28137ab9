"""`dealias.uncertainty`: an image with an interval that covers the truth as often as it says."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.errors import Note, UserError
from dealias.phantoms import head
from dealias.sampling import cartesian, gaussian
from problems import coil_maps, inpainting

SHAPE = (96, 90)


def scan(acceleration=3.0, coils=1, seed=3, lines=None):
    generator = torch.Generator().manual_seed(0)
    image, maps = head(SHAPE, seed=seed), coil_maps(coils, *SHAPE) if coils > 1 else None
    if lines:
        mask = cartesian(SHAPE, acceleration, lines=lines, generator=generator)
    else:
        mask = gaussian(SHAPE, acceleration, centre=0.06, generator=generator)
    return Acquisition.simulate(image, mask, maps, 0.002, generator=generator), image


@pytest.mark.parametrize("coils", [1, 4])
def test_the_interval_covers_the_truth(coils):
    measured, truth = scan(coils=coils)
    found = dealias.uncertainty("wavelet", measured)
    assert torch.equal(found.image, dealias.reconstruct("wavelet", measured)) and found.warnings == ()
    error = (found.image.abs() - truth.abs()).abs()
    body = truth.abs() > 0.05 * truth.abs().max()
    assert 0.8 < float((error <= found.half_width)[body].float().mean()) < 0.98
    assert float(found.rms) == pytest.approx(float(error.square().mean().sqrt()), rel=0.25)
    assert found.half_width.std() > 0.05 * found.half_width.mean()
    peak, size = truth.abs().max(), truth.abs().square().mean().sqrt()
    assert float(found.psnr) == pytest.approx(float(20 * (peak / found.rms).log10()), abs=0.5)
    assert float(found.relative) == pytest.approx(float(found.rms / size), rel=0.05)


@pytest.mark.parametrize("factor", [1e-22, 1e22])
def test_the_scale_changes_nothing(factor):
    """Single precision holds no squares of such numbers."""
    measured, _ = scan(coils=4)
    bright = replace(measured, kspace=measured.kspace * factor, noise_std=measured.noise_std * factor)
    here, there = (dealias.uncertainty("zero_filled", each, folds=1) for each in (measured, bright))
    for name in ("image", "half_width", "rms", "bands"):
        assert torch.allclose(getattr(there, name) / factor, getattr(here, name), rtol=1e-4, atol=1e-5), name
    assert float(there.psnr) == pytest.approx(float(here.psnr), abs=1e-3)
    assert float(there.relative) == pytest.approx(float(here.relative), rel=1e-3)


def test_the_centre_of_kspace_may_lie_beside_the_middle():
    middle, truth = scan()
    beside = replace(middle, kspace=middle.kspace.roll(20, -1), mask=middle.mask.roll(20, -1))
    with pytest.warns(Note, match="beside the centre"):
        found = dealias.uncertainty("wavelet", beside, folds=2)
    assert torch.allclose(found.image, dealias.reconstruct("wavelet", beside), atol=1e-5)
    error = (found.image.abs() - truth.abs()).square().mean().sqrt()
    # the largest sample lies two beside the centre of the mask; without care it is three times as much
    assert float(found.rms) == pytest.approx(float(error), rel=0.5)


def test_a_batch_has_a_number_for_each_slice():
    both = Acquisition.stack([scan(seed=seed)[0] for seed in (3, 4)])
    found = dealias.uncertainty("wavelet", both, folds=2)
    assert found.rms.shape == found.psnr.shape == (2,) and found.half_width.shape == both.shape
    assert found.bands.shape == (2, 10) and len(found.lines()) == 2
    assert found.lines()[1].startswith("slice 1: expected rms error")
    again = dealias.uncertainty("wavelet", both, folds=2)
    assert torch.equal(again.half_width, found.half_width)


@pytest.mark.parametrize("coils", [1, 3])
@pytest.mark.parametrize("kind", [None, "equispaced"], ids=["points", "lines"])
@pytest.mark.parametrize("sampled", [True, False], ids=["zeros", "no samples"])
def test_an_empty_slice_is_passed_over(sampled, kind, coils):
    slices = [scan(coils=coils, seed=seed, lines=kind)[0] for seed in (3, 4)]
    empty = replace(slices[0], kspace=0 * slices[0].kspace, mask=slices[0].mask & sampled)
    with pytest.warns(Note, match="every sample is zero in 1 of 3 slices") as notes:
        found = dealias.uncertainty("wavelet", Acquisition.stack([slices[0], empty, slices[1]]), folds=1)
    assert len(notes) == len(found.warnings) == 1
    assert not found.image[1].any() and not found.half_width[1].any() and found.rms[1] == 0
    assert found.lines()[1] == "slice 1: empty" and "nan" not in "".join(found.lines())
    alone = dealias.uncertainty("wavelet", Acquisition.stack(slices), folds=1)
    for name in ("image", "half_width", "rms", "radius", "bands"):
        assert torch.allclose(getattr(found, name)[[0, 2]], getattr(alone, name), rtol=1e-5), name


def test_full_slices_beside_an_empty_one_miss_nothing():
    full = Acquisition.simulate(head(SHAPE, seed=3), torch.ones(SHAPE), None, 0.02)
    empty = replace(full, kspace=0 * full.kspace, mask=full.mask & False)
    with pytest.warns(Note) as notes:
        found = dealias.uncertainty("zero_filled", Acquisition.stack([empty, full]))
    first, second = (str(note.message) for note in notes)
    assert "every sample is zero in 1 of 2" in first and "nothing is missing" in second
    assert found.rms.tolist() == pytest.approx([0, 0.02], rel=0.05)


def test_progress_counts_folds(capsys):
    dealias.uncertainty("zero_filled", scan()[0], folds=3, progress=True)
    assert "/4" in capsys.readouterr().err


def test_what_the_numbers_mean_is_said():
    measured, _ = scan()
    with pytest.warns(Note, match="noise level is not told"):
        found = dealias.uncertainty("zero_filled", replace(measured, noise_std=None))
    assert len(found.warnings) == 1
    with pytest.warns(Note, match="nothing is missing.* by the noise level"):
        full = Acquisition.simulate(head(SHAPE, seed=3), torch.ones(SHAPE), None, 0.02)
        found = dealias.uncertainty("zero_filled", full)
    assert float(found.rms) == pytest.approx(0.02, rel=0.05)


def test_what_cannot_be_judged():
    for folds in (0, 11, True):
        with pytest.raises(UserError, match="folds are impossible"):
            dealias.uncertainty("wavelet", scan()[0], folds=folds)
    with pytest.raises(UserError, match="give an Acquisition"):
        dealias.uncertainty("total_variation", inpainting())
    with pytest.raises(UserError, match="no maps"):
        dealias.uncertainty("wavelet", scan(coils=3)[0], maps=None)


def test_an_array_is_a_scan():
    kspace = np.asarray(scan()[0].centred_kspace)
    with pytest.warns(Note, match="noise level"):
        assert dealias.uncertainty("wavelet", kspace, folds=1).half_width.shape == SHAPE
