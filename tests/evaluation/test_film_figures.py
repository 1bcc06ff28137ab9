"""Films beside the truth: what is in the files, and what is refused."""

import av
import numpy as np
import pytest
import torch
from PIL import Image

from dealias.errors import UserError
from dealias.evaluation import film_figures as module
from dealias.evaluation.film_figures import animation, profiles, shown


@pytest.fixture
def films(generator):
    truth = torch.rand(5, 16, 20, generator=generator)
    return {"good": truth + 0.01, "bad": 0.5 * truth}, truth


def test_an_animation_has_every_frame_of_every_film(films, tmp_path):
    films, truth = films
    animation(tmp_path / "a.gif", films, truth, milliseconds=50)
    with Image.open(tmp_path / "a.gif") as picture:
        assert picture.n_frames == 5
        assert picture.size == (3 * 24, 14 + 2 * 20)
        assert picture.info["duration"] == 50
        assert picture.info["loop"] == 0
        picture.seek(3)
        found = torch.from_numpy(np.array(picture.convert("L"))).float()
    wanted = (truth[3] / truth.max() * 255).floor()
    assert all(found[:14, start : start + 24].max() > 200 for start in (0, 24, 48))  # their names
    assert torch.equal(found[14:30, :20], wanted)
    assert (found[34:50, :20] == 0).all()  # the reference has no error
    assert found[34:50, 48:68].float().mean() > 3 * found[34:50, 24:44].float().mean()


def test_an_mp4_shows_the_same(films, tmp_path):
    films, truth = films
    for name in ("a.gif", "a.mp4"):
        animation(tmp_path / name, films, truth)
    with Image.open(tmp_path / "a.gif") as picture, av.open(str(tmp_path / "a.mp4")) as container:
        for place, frame in enumerate(container.decode(video=0)):
            picture.seek(place)
            difference = frame.to_ndarray(format="gray").astype(float) - np.array(picture.convert("L"))
            assert abs(difference).mean() < 4
    assert place == 4
    with pytest.raises(UserError, match="cannot be of the kind '.avi'; write .gif or .mp4"):
        animation(tmp_path / "a.avi", films, truth)


def test_without_a_reference_the_last_film_is_white(films, tmp_path):
    films, truth = films
    animation(tmp_path / "a.gif", films)
    with Image.open(tmp_path / "a.gif") as picture:
        assert picture.size == (2 * 24, 14 + 20)
        found = torch.from_numpy(np.array(picture.convert("L"))).float()
    wanted = (films["bad"][0] / films["bad"].max() * 255).floor()
    assert torch.equal(found[14:30, 24:44], wanted)
    profiles(tmp_path / "p.png", films)
    with Image.open(tmp_path / "p.png") as picture:
        assert picture.size == (528, 286)


def test_slices_lie_in_rows(films, tmp_path):
    films, truth = films
    animation(tmp_path / "a.gif", {"two": torch.stack([truth, truth / 2])}, torch.stack([truth, truth]))
    with Image.open(tmp_path / "a.gif") as picture:
        assert picture.n_frames == 5 and picture.size == (2 * 44, 14 + 2 * 20)


def test_all_pictures_appear_when_the_block_is_done(films, tmp_path, monkeypatch):
    films, truth = films
    with pytest.raises(ZeroDivisionError), shown(tmp_path / "kt_2.5x_film", films, truth):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
    with shown(tmp_path / "kt_2.5x_film", films, truth):
        assert not {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert {path.name for path in tmp_path.iterdir()} == {f"kt_2.5x_film.{kind}" for kind in ("gif", "mp4", "png")}
    with pytest.raises(UserError, match="exists already"), shown(tmp_path / "kt_2.5x_film", films, truth):
        pass
    monkeypatch.setattr(module, "find_spec", lambda name: None)  # without PyAV
    with shown(tmp_path / "f", films, truth):
        pass
    assert {path.name for path in tmp_path.glob("f.*")} == {"f.gif", "f.png"}


def test_profiles_are_one_picture(films, tmp_path):
    films, truth = films
    profiles(tmp_path / "p.png", films, truth.to(torch.complex64))
    with Image.open(tmp_path / "p.png") as picture:
        assert picture.size == (792, 768)
    with pytest.raises(UserError, match="exists"):
        profiles(tmp_path / "p.png", films, truth)
    profiles(tmp_path / "p.png", films, truth, column=3, overwrite=True)


def test_what_cannot_be_shown(films, tmp_path):
    films, truth = films
    for show in (animation, profiles):
        with pytest.raises(UserError, match="give its own"):
            show(tmp_path / "x.gif", {"short": truth[1:]}, truth)
        with pytest.raises(UserError, match="choose one"):
            show(tmp_path / "x.gif", {}, truth)
        with pytest.raises(UserError, match="choose one"):
            show(tmp_path / "x.gif", {"slice": truth[0]}, truth[0])
    with pytest.raises(UserError, match="no column 20"):
        profiles(tmp_path / "x", films, truth, column=20)
    assert not list(tmp_path.iterdir())
