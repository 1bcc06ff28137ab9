"""The study's test sets: data, maps and images agree at every size; its networks learn from them."""

import re
import runpy
import sys
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import torch

import dealias

ROOM = Path(__file__).parents[1] / "reproductions"


@pytest.fixture
def script(monkeypatch):
    """Run a script of the room as from a shell."""
    monkeypatch.syspath_prepend(str(ROOM))

    def run(name, *words):
        monkeypatch.setattr(sys, "argv", [name, *map(str, words)])
        return runpy.run_path(str(ROOM / f"{name}.py"), run_name="__main__")

    return run


@pytest.fixture
def sets(script, tmp_path):
    script("study_sets", "-o", tmp_path / "sets", "--slices", 3, "--size", 64, 48, "--coils", 4)
    return tmp_path / "sets"


def test_four_sets_whose_parts_agree(sets):
    assert {path.stem for path in sets.iterdir()} == {"8bits_full", "8bits_quarter", "4bits_full", "4bits_quarter"}
    for name, shape in (("8bits_full", (64, 48)), ("4bits_quarter", (16, 12))):
        with h5py.File(sets / f"{name}.h5") as file:
            images, maps, masks, kspace = (file[key][()] for key in ("imgs", "maps", "masks", "ksp"))
        assert images.shape == masks.shape == (3, *shape) and maps.shape == kspace.shape == (3, 4, *shape)
        axes = (-2, -1)
        spectrum = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(maps * images[:, None], axes), norm="ortho"), axes)
        assert np.allclose(kspace, masks[:, None] * spectrum, atol=1e-5), "M F S x"
        body = np.abs(images) > 0
        assert np.allclose((np.abs(maps) ** 2).sum(1)[body], 1, atol=1e-4)
        assert 0.15 < masks.mean() < 0.4 and masks[:, shape[0] // 2, shape[1] // 2].all()
    assert dealias.open(sets / "8bits_quarter.h5", key="ksp", axes="slice coil y x").shape == (3, 16, 12)


def test_bits_are_levels_of_magnitude(sets):
    for bits in (8, 4):
        with h5py.File(sets / f"{bits}bits_full.h5") as file:
            images = file["imgs"][()]
        levels = images.real * (2**bits - 1)
        assert not images.imag.any() and images.real.max() == 1
        assert np.allclose(levels, levels.round(), atol=1e-4)
        assert 2 ** (bits - 1) < len(np.unique(levels.round())) <= 2**bits


def test_a_source_is_taken_as_it_is(script, sets, tmp_path):
    script("study_sets", "-o", tmp_path / "again", "--source", sets / "8bits_full.h5", "--slices", 2)
    with h5py.File(sets / "8bits_quarter.h5") as one, h5py.File(tmp_path / "again" / "8bits_quarter.h5") as other:
        for key in ("imgs", "maps", "masks", "ksp"):
            assert np.allclose(one[key][:2], other[key][()], atol=1e-6), key
    with pytest.raises(dealias.UserError, match="no HDF5 file with imgs, maps and masks"):
        script("study_sets", "-o", tmp_path / "no", "--source", __file__)


def test_both_blocks_learn_without_truth_and_go_on(script, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOM))
    import _models
    import _page

    monkeypatch.setattr(_models, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(_page, "PAGES", tmp_path / "pages")
    words = ["--image", 64, 48, "--coils", 4, "--slices", 3, "--features", 6, 4, "--seeds", 0, 1, "--every", 2]
    script("study", *words, "--minutes", 5, "--epochs", 2)
    script("study", *words, "--minutes", 5, "--epochs", 4)
    page = (tmp_path / "pages" / "study.md").read_text()
    rows = [line.split("|")[1:-1] for line in page.splitlines() if re.match(r"\| (ResNet|U-Net) \|", line)]
    assert [(row[0].strip(), int(row[1])) for row in rows] == [(n, b) for n in ("ResNet", "U-Net") for b in (8, 4)]
    errors = [[float(cell.split()[0]) for cell in row[2:]] for row in rows]
    assert all(0 < error < 1 for row in errors for error in row)
    assert errors[2][1] < errors[2][0] and errors[3][1] < errors[3][0], "the U-Net learns"
    assert "4 epochs" in page and (tmp_path / "pages" / "study.png").exists()
    kept = [torch.load(path, weights_only=True) for path in (tmp_path / "cache").glob("study_*.pt")]
    assert len(kept) == 16 and all([entry[0] for entry in run["history"]] == [0, 2, 4] for run in kept)


def test_the_studys_claims_are_judged_over_seeds(monkeypatch):
    """NRMSE of a ResNet 0.05 below the U-Net's at 8 bits and 0.02 at 4, both 0.01 worse on what was held back."""
    monkeypatch.syspath_prepend(str(ROOM))
    import study

    def run(block, bits, held, seed):
        error = {("resnet", 8): 0.13, ("unet", 8): 0.18, ("resnet", 4): 0.16, ("unet", 4): 0.18}[block, bits]
        error = torch.full((3,), error + 0.01 * held + 0.001 * seed)
        made = SimpleNamespace(block=block, bits=bits, held=held, seed=seed, last_third=slice(-1, None))
        made.at = lambda epoch: error + (0.1 if epoch == 0 else 0)
        return made

    every = [run(*each) for each in product(study.RATES, study.BITS, (0, 1), (0, 1))]
    assert [claim.holds for claim in study.claims(every, 5)] == [True] * 4
    assert study.claims(every, 5)[0].ours == "8 bits: +0.0500 ± 0.0000, 4 bits: +0.0200 ± 0.0000"
    assert [claim.holds for claim in study.claims(every[::2], 5)] == [None] * 4, "one seed decides nothing"
    assert [claim.holds for claim in study.claims(every, 0)] == [None] * 4, "nothing is learned yet"


def test_the_claims_of_losses_are_judged_over_seeds(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOM))
    import losses

    values = {losses.UNTRAINED: 30.0, losses.SUPERVISED: 33.0, "measured": 31.0, "held_out (SSDU)": 32.8}
    values |= {"sure": 32.0, "sure, 40 % held": 32.4}
    seeds = torch.tensor([0.0, 0.1])
    scores = {name: {rate: value + seeds for rate in ("4x", "6x")} for name, value in values.items()}
    assert [claim.holds for claim in losses.claims(scores, 2)] == [True, True, True, True, False, True]
    missing = losses.claims({**scores, "sure": None}, 2)
    assert [claim.holds for claim in missing] == [True, True, True, True, None, None] and missing[-1].ours is None
