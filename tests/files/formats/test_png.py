import sys

import numpy as np
import pytest
import torch
from PIL import Image

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.files.write import write
from files.scans import kspace


def grey(path):
    with Image.open(path) as picture:
        return np.array(picture)


def test_black_is_zero_and_one_bright_pixel_does_not_darken_the_rest(tmp_path):
    pixels = torch.full((64, 64), 2.0)
    pixels[0, 0], pixels[1, 1], pixels[2, 2] = 100, 0, 1
    write(tmp_path / "i.png", pixels * 1j, attributes={"method": "rim"})
    found = grey(tmp_path / "i.png")
    assert found.dtype == np.uint8 and found.shape == (64, 64)
    assert (found[0, 0], found[1, 1], found[2, 2], found[9, 9]) == (255, 0, 128, 255)
    with Image.open(tmp_path / "i.png") as picture:
        assert picture.text["method"] == "rim"


def test_slices_lie_in_rows(tmp_path):
    pixels = torch.arange(1, 6).reshape(5, 1, 1) * torch.ones(5, 4, 3)
    write(tmp_path / "i.png", pixels)
    found = grey(tmp_path / "i.png")
    assert found.shape == (8, 9)
    assert found[::4, ::3].tolist() == [[51, 102, 153], [204, 255, 0]]


def test_little_light(tmp_path):
    pixels = torch.zeros(64, 64)
    write(tmp_path / "zero.png", pixels)
    pixels[5, 5] = 1e-30
    write(tmp_path / "one.png", pixels)
    assert grey(tmp_path / "zero.png").max() == 0 and grey(tmp_path / "one.png")[5, 5] == 255


def test_phase_is_grey_at_zero(tmp_path):
    turn = torch.tensor([-3.0, 0.0, 3.0]).repeat_interleave(20).repeat(60, 1)
    write(tmp_path / "i.png", torch.polar(torch.ones(60, 60), turn), phase=True)
    assert grey(tmp_path / "i.png").min() == 255
    assert grey(tmp_path / "i_phase.png")[7, [0, 30, 59]].tolist() == [0, 128, 255]


def test_no_kspace(tmp_path):
    with pytest.raises(UserError, match=r"k\.png: a PNG picture holds no k-space"):
        write(tmp_path / "k.png", Acquisition.centred(kspace(16, 16)))
    assert not list(tmp_path.iterdir())


def test_without_pillow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(UserError, match=r"pip install -e '.\[files\]' in the clone"):
        write(tmp_path / "i.png", torch.ones(4, 4))
    assert not list(tmp_path.iterdir())
