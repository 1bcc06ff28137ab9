"""Films beside the truth: what is in the files, and what is refused."""

import numpy as np
import pytest
import torch
from PIL import Image

from dealias.errors import UserError
from dealias.evaluation.film import animation, profiles


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
            show(tmp_path / "x", {"short": truth[1:]}, truth)
        with pytest.raises(UserError, match="choose one"):
            show(tmp_path / "x", {}, truth)
        with pytest.raises(UserError, match="choose one"):
            show(tmp_path / "x", {"slice": truth[0]}, truth[0])
    with pytest.raises(UserError, match="no column 20"):
        profiles(tmp_path / "x", films, truth, column=20)
    assert not list(tmp_path.iterdir())
