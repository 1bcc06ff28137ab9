"""Films as GIF: every frame in one window, slices in rows, and what is no film."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.files.write import write
from files.scans import kspace


def frames(path):
    with Image.open(path) as picture:
        assert picture.info["loop"] == 0 and picture.info["duration"] == 60
        return np.stack([np.array(frame.convert("L")) for frame in ImageSequence.Iterator(picture)])


def test_all_frames_share_one_window_and_every_grey_survives(tmp_path, generator):
    film = torch.rand(7, 40, 50, generator=generator)
    film[3] /= 2
    film[5, 0, 0] = 100  # one bright pixel does not darken the rest
    write(tmp_path / "f.gif", film * 1j, attributes={"method": "kt_slr", "seed": 0})
    white = np.percentile(film.double().numpy(), 99.9)
    assert (frames(tmp_path / "f.gif") == (film.double() / white * 255).clamp(0, 255).round().byte().numpy()).all()
    with Image.open(tmp_path / "f.gif") as picture:
        assert picture.info["comment"].decode() == f"method: kt_slr\nseed: 0\nblack: 0.0\nwhite: {white}"
    assert (tmp_path / "f.gif").stat().st_size < 2 * film.numel()  # a byte for a pixel, even of noise


def test_slices_lie_in_rows(tmp_path):
    film = torch.arange(1, 7).reshape(3, 2, 1, 1) * torch.ones(3, 2, 4, 5)
    write(tmp_path / "f.gif", film)
    found = frames(tmp_path / "f.gif")
    assert found.shape == (2, 8, 10)
    assert found[:, ::4, ::5].tolist() == [[[42, 128], [212, 0]], [[85, 170], [255, 0]]]


def test_the_phase_lies_beside(tmp_path):
    turn = torch.tensor([-3.0, 0.0, 3.0]).reshape(3, 1, 1).expand(3, 30, 30)
    write(tmp_path / "f.gif", torch.polar(torch.ones(3, 30, 30), turn), phase=True)
    assert frames(tmp_path / "f_phase.gif")[:, 4, 5].tolist() == [0, 128, 255]


@pytest.mark.parametrize("shape", [(8, 9), (1, 8, 9), (3, 1, 8, 9)])
def test_one_image_is_no_film(tmp_path, shape):
    with pytest.raises(UserError, match=r"f\.gif: a GIF is a film of two frames or more, and this is one image; write"):
        write(tmp_path / "f.gif", torch.ones(shape))
    assert not list(tmp_path.iterdir())


def test_no_kspace(tmp_path):
    with pytest.raises(UserError, match=r"k\.gif: a GIF film holds no k-space"):
        write(tmp_path / "k.gif", Acquisition.centred(kspace(16, 16)))
    assert not list(tmp_path.iterdir())
