"""dealias maps, and the coil options of dealias reconstruct, as a user meets them."""

import shutil
import subprocess

import h5py
import numpy as np
import pytest
import torch

import dealias
from complaints import complaint
from dealias.__main__ import execute
from dealias.errors import Note, UserError
from dealias.files.coil_maps import read_maps, write_maps
from dealias.phantoms import head
from dealias.problem import FILM
from problems import coil_maps

SHAPE = (32, 36)


def scan(slices=2, coils=4, noise_std=0.001):
    image = torch.stack([head(SHAPE, seed=seed) for seed in range(slices)])
    generator = torch.Generator().manual_seed(0)
    maps = coil_maps(coils, *SHAPE) if coils > 1 else None
    made = dealias.Acquisition.simulate(image, torch.ones(SHAPE), maps, noise_std, generator=generator)
    return made.with_maps(None)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dealias.write("scan.h5", scan())
    return tmp_path


@pytest.mark.parametrize("extension", ["h5", "npy", "cfl", "mat"])
def test_maps_once_then_reconstruct(here, extension):
    execute(f"maps scan.h5 -o maps.{extension}".split())
    wanted = dealias.espirit(scan())
    torch.testing.assert_close(read_maps(f"maps.{extension}"), wanted, atol=1e-5, rtol=0)
    execute(f"reconstruct scan.h5 -o image.npy --method sense --maps maps.{extension}".split())
    with pytest.warns(Note, match="estimated by ESPIRiT"):
        execute("reconstruct scan.h5 -o auto.npy --method sense".split())
    assert np.allclose(np.load("image.npy"), np.load("auto.npy"), atol=1e-4)
    truth = torch.stack([head(SHAPE, seed=seed) for seed in range(2)]).abs().numpy()
    assert abs(abs(np.load("image.npy")) - truth).mean() < 0.01


def test_hdf5_says_how_the_maps_were_made_and_a_film_shares_them(here):
    film = scan(6)
    dealias.write("film.h5", dealias.Acquisition(film.kspace.reshape(2, 3, 4, *SHAPE), film.mask[None], axes=FILM))
    execute("maps film.h5 -o maps.h5 --method walsh --method.neighbourhood 5".split())
    with h5py.File("maps.h5") as file:
        assert file["maps"].shape == (2, 1, 4, *SHAPE) and file["maps"].dtype == np.complex64
        assert file.attrs["method"] == "walsh" and file.attrs["source"] == "film.h5"
    execute("reconstruct film.h5 -o image.npy --method zero_filled --maps maps.h5".split())
    assert np.load("image.npy").shape == (2, 3, *SHAPE)


def test_a_folder(here, capsys):
    (here / "in").mkdir()
    shutil.copy("scan.h5", "in/a.h5")
    dealias.write("in/b.h5", scan(coils=1))
    assert "1 of 2 estimated, 1 failed: b.h5" in complaint("maps in -o out")
    assert "in/b.h5: holds one coil" in capsys.readouterr().err
    execute("maps in/a.h5 -o out/ --overwrite --format npy".split())
    assert sorted(path.name for path in (here / "out").iterdir()) == ["a.h5", "a.npy"]


def test_whiten_and_compress(here):
    execute("maps scan.h5 -o maps.npy".split())
    execute("reconstruct scan.h5 -o plain.npy --method zero_filled --maps maps.npy".split())
    execute("reconstruct scan.h5 -o few.npy --method zero_filled --maps maps.npy --compress 3".split())
    plain, few = np.load("plain.npy"), np.load("few.npy")
    assert 0 < abs(plain - few).max() < 0.1 * abs(plain).max()
    generator = torch.Generator().manual_seed(1)
    noise = 0.001 * 2**0.5 * torch.randn(4, 5000, dtype=torch.complex64, generator=generator)
    np.save("noise.npy", noise.numpy())
    execute("reconstruct scan.h5 -o white.npy --method zero_filled --maps maps.npy --whiten noise.npy".split())
    white = np.load("white.npy")
    assert abs(white * 0.001 - plain).max() < 0.05 * abs(plain).max()
    with pytest.warns(Note, match="outermost tenth"):
        execute(
            "reconstruct scan.h5 -o auto.npy --method zero_filled --maps maps.npy --whiten auto --compress 3".split()
        )
    assert np.isfinite(np.load("auto.npy")).all()


def test_bart_maps(here):
    if not shutil.which("bart"):
        pytest.skip("no bart here")
    dealias.write("scan.cfl", scan(1)[0])
    subprocess.run(["bart", "ecalib", "-m1", "scan", "maps"], check=True, capture_output=True)
    execute("reconstruct scan.cfl -o image.npy --method zero_filled --maps maps.cfl".split())
    with pytest.warns(Note):
        execute("reconstruct scan.cfl -o ours.npy --method zero_filled".split())
    ours = abs(np.load("ours.npy"))
    assert abs(abs(np.load("image.npy")) - ours).max() < 0.02 * ours.max()


def test_a_folder_of_maps_by_name(here):
    for folder in ("in/deep", "maps/deep"):
        (here / folder).mkdir(parents=True)
    maps = [coil_maps(4, *SHAPE), 1j * coil_maps(4, *SHAPE)]
    for name, given in zip(("a", "deep/b"), maps, strict=True):
        dealias.write(f"in/{name}.h5", scan())
        write_maps(f"maps/{name}.npy", given)
    execute("reconstruct in -o out --method sense --maps maps --format npy".split())
    for name, given in zip(("a", "deep/b"), maps, strict=True):
        wanted = dealias.reconstruct("sense", scan(), maps=given)
        assert np.allclose(np.load(f"out/{name}.npy"), wanted.numpy(), atol=1e-6)
    execute("evaluate in -o e --methods zero_filled --accelerations 2 --patterns 1 --maps maps".split())
    (here / "maps/a.npy").rename(here / "maps/c.npy")
    assert complaint("reconstruct in/a.h5 -o x.npy --method sense --maps maps").startswith(
        "maps: holds no file called a"
    )


def test_an_archive_beside_kspace(here):
    maps = coil_maps(4, *SHAPE).numpy()
    np.savez("both.npz", kspace=np.ones((4, *SHAPE), np.complex64), sens=maps)
    assert np.array_equal(read_maps("both.npz"), maps)
    np.savez("two.npz", a=maps, b=maps)
    with pytest.raises(UserError, match=r"two.npz: holds the arrays a, b; call the coil maps 'maps'"):
        read_maps("two.npz")


BAD = [
    ("maps scan.h5 -o maps.png", "'.png'"),
    ("maps scan.h5 -o maps.h5 --method esprit", "espirit, walsh"),
    ("maps scan.h5 -o maps.h5 --method.krnel 5", "did you mean kernel"),
    ("maps scan.h5 -o maps.h5 --method.kernel 50", "correct them"),
    ("maps scan.h5 -o scan.h5 --overwrite", "would be lost"),
    ("reconstruct scan.h5 -o o.npy --method sense --maps scan.h5", "holds no coil maps 'maps' but kspace, mask"),
    ("reconstruct scan.h5 -o o.npy --method sense --maps .", "holds no coil maps 'maps' but kspace, mask"),
    ("reconstruct scan.h5 -o o.npy --method sense --whiten nothing.npy", "nothing.npy"),
    ("reconstruct scan.h5 -o o.npy --method sense --compress 9", "4 coils cannot be compressed to 9"),
]


@pytest.mark.parametrize(("words", "text"), BAD, ids=[words for words, _ in BAD])
def test_mistakes_are_one_line_and_leave_nothing(words, text, here):
    assert text in complaint(words)
    assert [path.name for path in here.iterdir()] == ["scan.h5"]


def test_an_undersampled_centre_is_one_line_with_the_file(here):
    dealias.write("fast.h5", scan().sampled(torch.arange(36) % 2 == 0))
    assert "fast.h5: the fully sampled centre of k-space of slice 0" in complaint("maps fast.h5 -o maps.h5")


def test_what_is_there_is_not_replaced(here):
    maps = coil_maps(4, *SHAPE)
    write_maps("maps.h5", maps)
    with pytest.raises(UserError, match="exists already"):
        write_maps("maps.h5", maps)
    with pytest.raises(UserError, match="write .npy or .h5"):
        write_maps("maps.png", maps)


@pytest.mark.parametrize("extension", ["h5", "npy", "cfl", "mat"])
def test_maps_of_films_in_every_format(here, extension):
    film = scan(6)
    dealias.write("film.h5", dealias.Acquisition(film.kspace.reshape(2, 3, 4, *SHAPE), film.mask[None], axes=FILM))
    execute(f"maps film.h5 -o maps.{extension} --method walsh".split())
    execute(f"reconstruct film.h5 -o image.npy --method zero_filled --maps maps.{extension}".split())
    maps = dealias.coils.walsh(dealias.open("film.h5"))
    wanted = dealias.reconstruct("zero_filled", dealias.open("film.h5"), maps=maps)
    assert np.allclose(np.load("image.npy"), wanted.numpy(), atol=1e-5)


def test_kspace_is_no_maps(here):
    dealias.write("kspace.npy", scan())
    words = "reconstruct scan.h5 -o image.npy --method sense --maps"
    assert "kspace.npy: holds no coil maps but what looks like k-space" in complaint(f"{words} kspace.npy")
    np.save("shifted.npy", np.fft.fftshift(np.load("kspace.npy"), axes=(-2, -1)))
    assert "looks like k-space" in complaint(f"{words} shifted.npy")
    np.save("unscaled.npy", 7 * coil_maps(4, *SHAPE).numpy())  # as other tools leave them
    with pytest.warns(Note, match="divided by their root sum of squares"):
        execute(f"{words} unscaled.npy".split())
