"""reconstruct --film and --reference: what appears beside the result, and what is refused before any work."""

import numpy as np
import pytest
import torch
from PIL import Image

import dealias
from complaints import complaint
from dealias.__main__ import execute
from dealias.phantoms import heart
from dealias.sampling import kt

WORDS = "reconstruct fast.h5 -o out/film.h5 --method kt_focuss"
SHOWN = ["film.h5", "film_film.gif", "film_film.mp4", "film_film.png"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    film = heart((5, 24, 24), seed=1)
    full = dealias.Acquisition.simulate(film[None], torch.ones(24), axes=("time", "y", "x"))
    dealias.write(folder / "full.h5", full)
    mask = kt((5, 24, 24), 3, central=4, generator=torch.Generator().manual_seed(0))[:, None]
    dealias.write(folder / "fast.h5", full.sampled(mask))
    dealias.write(folder / "slice.h5", dealias.Acquisition.simulate(film, torch.ones(24)))
    np.save(folder / "images.npy", 7 * film.abs().numpy())
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch, data):
    monkeypatch.chdir(tmp_path)
    for path in data.iterdir():
        (tmp_path / path.name).symlink_to(path)
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def picture(path):
    with Image.open(path) as found:
        return found.n_frames, found.size, np.array(found.convert("L")).astype(float)


def test_a_film_beside_what_was_measured(here):
    execute(f"{WORDS} --film".split())
    assert names(here / "out") == SHOWN
    frames, size, _ = picture("out/film_film.gif")
    assert frames == 5 and size == (3 * 28, 14 + 28)
    assert complaint(f"{WORDS} --film").endswith("film.h5: exists already; give --overwrite to replace it")
    (here / "out/film.h5").unlink()
    assert "film_film.gif: exists already" in complaint(f"{WORDS} --film")
    execute(f"{WORDS} --film --overwrite".split())
    assert names(here / "out") == SHOWN


@pytest.mark.parametrize("truth", ["full.h5", "images.npy"])
def test_errors_where_the_truth_is_known(truth, here, recwarn):
    execute(f"{WORDS} --reference {truth}".split())
    assert names(here / "out") == SHOWN
    frames, size, found = picture("out/film_film.gif")
    assert frames == 5 and size == (4 * 28, 14 + 2 * 28)
    errors = [found[42:66, start : start + 24].mean() for start in (0, 28, 56, 84)]
    assert errors[0] == 0 < errors[3] < errors[1] and errors[2] < errors[1]  # zero-filled is the worst
    notes = [str(note.message) for note in recwarn if "multiplied" in str(note.message)]
    assert len(notes) == (truth == "images.npy")


def test_a_folder_of_films_goes_on_after_one_that_is_none(here, capsys):
    (here / "in").mkdir()
    for name in ("fast.h5", "slice.h5", "full.h5"):
        (here / name).rename(here / "in" / name)
    words = "reconstruct in -o out --method zero_filled --film --format gif"
    assert "2 of 3 reconstructed, 1 failed: slice.h5" in complaint(words)
    assert "dealias: in/slice.h5: --film shows films, and this is none" in capsys.readouterr().err
    shown = (".gif", "_film.gif", "_film.mp4", "_film.png")
    assert names(here / "out") == [f"{name}{kind}" for name in ("fast", "full") for kind in shown]
    assert "2 skipped, 1 failed" in complaint(words)


BAD = [
    ("fast.h5 --reference none.h5", "none.h5: does not exist"),
    ("fast.h5 --reference fast.h5", "undersampled; a comparison needs all of k-space"),
    ("fast.h5 --reference slice.npy", "the reference has shape (24, 24), the film (1, 5, 24, 24)"),
    ("fast.h5 --reference zero.npy", "the reference is zero everywhere; give the true film"),
    ("slice.h5 --film", "--film shows films, and this is none"),
    (". --reference full.h5", "--reference is one film, and the input a folder"),
]


@pytest.mark.parametrize(("words", "text"), BAD, ids=[words for words, _ in BAD])
def test_mistakes_come_before_the_work(words, text, here, monkeypatch):
    np.save("zero.npy", np.zeros((5, 24, 24), np.float32))
    np.save("slice.npy", np.ones((24, 24), np.float32))
    monkeypatch.setattr(dealias, "reconstruct", None)
    assert text in complaint(f"reconstruct {words} -o out/x.h5 --method zero_filled")
    assert not (here / "out").exists()
