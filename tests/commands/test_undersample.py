"""dealias undersample: one pattern for all slices, or another for each."""

import numpy as np
import pytest
import torch

import dealias
from complaints import complaint
from dealias.__main__ import execute
from dealias.errors import Note
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


@pytest.mark.filterwarnings("ignore:.*columns of zeros left of it")
def test_the_centre_is_sampled_where_it_lies(tmp_path):
    """The peak lies at column 16 of 52, and half of the matrix is 26; a pattern of the user's stays where it is."""
    full = dealias.Acquisition.simulate(head((64, 72)).abs(), torch.ones(72))
    np.save(tmp_path / "cropped.npy", full.centred_kspace[..., 20:].numpy())
    lines = "--mask cartesian --mask.centre 0.1 --acceleration 4"
    execute(f"undersample {tmp_path}/cropped.npy -o {tmp_path}/fast.npy {lines}".split())
    sampled = (np.load(tmp_path / "fast.npy") != 0).any((0, 1))
    assert sampled[14:19].all() and sampled.sum() == 13
    np.save(tmp_path / "pattern.npy", sampled)
    execute(f"undersample {tmp_path}/cropped.npy -o {tmp_path}/again.npy --mask {tmp_path}/pattern.npy".split())
    assert ((np.load(tmp_path / "again.npy") != 0).any((0, 1)) == sampled).all()


@pytest.mark.parametrize("option", ["", "--per_slice"])
def test_a_films_frames_always_differ(here, option):
    execute(f"undersample film.h5 -o fast.h5 --mask kt --mask.central 4 {option} {WORDS}".split())
    found = masks("fast.h5")
    assert all(len(np.unique(film.reshape(4, -1), axis=0)) > 1 for film in found)
    assert (found[0] == found[1]).all() == (option == "")


def test_images_are_refused_until_a_scan_of_them_is_wanted(here):
    images = torch.stack([3 * head((40, 48), seed=seed) for seed in range(3)])
    np.save("images.npy", images.numpy())
    for words in ("undersample images.npy -o fast.h5 --acceleration 2", "reconstruct images.npy -o out.h5"):
        assert "images.npy: holds images, not k-space; `dealias undersample --images`" in complaint(words)
    execute("undersample images.npy -o full.h5 --images --acceleration 1".split())
    scan = dealias.open("full.h5")
    torch.testing.assert_close(scan.zero_filled, images, atol=1e-5, rtol=0)
    execute("undersample images.npy -o fast.h5 --images --coils 4 --acceleration 2 --noise 0.01".split())
    scan = dealias.open("fast.h5")
    assert scan.coils == 4 and scan.maps is not None and scan.acceleration == pytest.approx(2)
    assert float(scan.noise_std) == pytest.approx(0.01 * float(images.abs().max()), rel=0.01)
    assert "1 or more" in complaint("undersample images.npy -o x.h5 --images --acceleration 2 --coils 0")
    assert "measured scans have theirs" in complaint("undersample in/a.h5 -o x.h5 --acceleration 2 --coils 2")


def test_a_film_of_images(here):
    film = heart((4, 24, 28))
    np.save("film.npy", film.abs().numpy())
    words = ["undersample", "film.npy", "-o", "fast.h5", "--images", "--mask", "kt", "--mask.central", "4"]
    execute([*words, "--acceleration", "2", "--axes", "time y x"])
    scan = dealias.open("fast.h5")
    assert scan.axes == ("time", "y", "x") and scan.shape == (1, 4, 24, 28)


@pytest.mark.parametrize("mask", ["gaussian", "cartesian"])
def test_the_centre_suffices_for_the_maps_of_coils(mask, here):
    """README's own two commands: what one writes, the other can use."""
    maps = dealias.coils.simulate((96, 100), 4, generator=torch.Generator().manual_seed(0))
    scan = dealias.Acquisition.simulate(head((96, 100)), torch.ones(100), maps).with_maps(None)
    dealias.write("coils.h5", scan)
    words = f"--mask {mask} --acceleration 4"
    with pytest.warns(Note, match="centre that is always sampled is widened to 0.1[26].* for coil maps"):
        execute(f"undersample coils.h5 -o fast.h5 {words}".split())
    assert dealias.open("fast.h5").acceleration == pytest.approx(4)
    execute("maps fast.h5 -o maps.h5".split())
    execute(f"undersample coils.h5 -o given.h5 {words} --mask.centre 0.02".split())  # as the user wants it
    assert "coil maps need 6 x 6" in complaint("maps given.h5 -o few.h5")
