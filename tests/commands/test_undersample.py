"""dealias undersample: one pattern for all slices, or another for each."""

import numpy as np
import pytest
import torch

import dealias
from dealias.__main__ import execute
from dealias.phantoms import head, heart

WORDS = "--acceleration 3 --seed 5"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    images = torch.stack([head((24, 28), seed=seed) for seed in range(3)])
    for name in ("a", "b"):
        dealias.write(f"in/{name}.h5", dealias.Acquisition.simulate(images, torch.ones(28)))
    film = heart((4, 24, 28))[None].repeat(2, 1, 1, 1)
    dealias.write("film.h5", dealias.Acquisition.simulate(film, torch.ones(28), axes=("time", "y", "x")))
    return tmp_path


def masks(path):
    """One pattern for each slice, as a file holds it."""
    scan = dealias.open(path)
    mask = scan.centred_mask.expand(*scan.kspace.shape[:-3], 1, *scan.kspace.shape[-2:])
    return mask.squeeze(-3).numpy()


def test_one_pattern_for_all(here):
    execute(f"undersample in -o out {WORDS}".split())
    first, second = masks("out/a.h5"), masks("out/b.h5")
    assert (first == first[:1]).all() and (first == second).all()


def test_another_for_every_slice_and_file(here):
    execute(f"undersample in -o out --per_slice {WORDS}".split())
    every = np.concatenate([masks("out/a.h5"), masks("out/b.h5")])
    assert len(np.unique(every.reshape(6, -1), axis=0)) == 6
    assert np.ptp(every.sum((1, 2))) == 0  # as many samples in each
    execute(f"undersample in/b.h5 -o alone/b.h5 --per_slice {WORDS}".split())
    assert (masks("alone/b.h5") == masks("out/b.h5")).all()
    for folder in ("one", "two"):
        (here / "all" / folder).mkdir(parents=True)
        (here / "all" / folder / "kspace.h5").symlink_to((here / "in" / "b.h5").resolve())
    execute(f"undersample all -o each --per_slice {WORDS}".split())
    assert (masks("each/one/kspace.h5") != masks("each/two/kspace.h5")).any()
    execute(f"undersample in/b.h5 -o again.h5 --per_slice {WORDS} --seed 6".split())
    assert (masks("again.h5") != masks("out/b.h5")).any()


@pytest.mark.parametrize("option", ["", "--per_slice"])
def test_a_films_frames_always_differ(here, option):
    execute(f"undersample film.h5 -o fast.h5 --mask kt --mask.central 4 {option} {WORDS}".split())
    found = masks("fast.h5")
    assert all(len(np.unique(film.reshape(4, -1), axis=0)) > 1 for film in found)
    assert (found[0] == found[1]).all() == (option == "")
