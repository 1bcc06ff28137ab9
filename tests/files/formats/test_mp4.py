"""Films as MP4: decoded again, every frame is there and looks the same; what is no film, and what is missing."""

import sys

import av
import numpy as np
import pytest
import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.files.formats.mp4 import OPTIONS, save
from dealias.files.greyscale import grey_film
from dealias.phantoms import heart
from files.scans import kspace


def decoded(path):
    with av.open(str(path)) as container:
        (stream,) = container.streams
        assert stream.codec_context.pix_fmt == "yuv420p" and stream.average_rate * 60 == 1000
        frames = np.stack([frame.to_ndarray(format="gray") for frame in container.decode(stream)])
        return torch.from_numpy(frames).int(), container.metadata.get("comment")


def test_every_frame_comes_back(tmp_path):
    film = heart((9, 64, 80), seed=2)
    dealias.write(tmp_path / "f.mp4", film, attributes={"method": "kt_slr", "seed": 0})
    found, comment = decoded(tmp_path / "f.mp4")
    wanted = grey_film(film).int()
    assert found.shape == wanted.shape
    error = (found[:, None] - wanted).abs().float().mean((2, 3))
    assert error.diagonal().max() < 2.5 and (error.argmin(1) == torch.arange(9)).all()  # each frame is its own
    assert comment.startswith("method: kt_slr\nseed: 0\nblack: 0.0\nwhite: 0.9")


@pytest.mark.parametrize("shape", [(2, 1, 1), (3, 5, 1), (2, 33, 47), (31, 16, 17), (3, 2, 15, 15)])
def test_any_number_of_frames_of_any_size(shape, tmp_path):
    film = torch.linspace(0.2, 1, shape[-3]).reshape(-1, 1, 1).expand(shape)
    dealias.write(tmp_path / "f.mp4", film)
    found, _ = decoded(tmp_path / "f.mp4")
    wanted = grey_film(film).int()
    assert found.shape == (shape[-3], *(n + n % 2 for n in wanted.shape[1:]))
    assert (found[:, : wanted.shape[1], : wanted.shape[2]] - wanted).abs().float().mean() < 8


def test_the_same_film_makes_the_same_file(tmp_path):
    frames = torch.randint(256, (4, 66, 84), generator=torch.Generator().manual_seed(0)).byte()  # no multiple of 16
    made = set()
    for _ in range(40):
        save(tmp_path / "f.mp4", frames, {})
        made.add((tmp_path / "f.mp4").read_bytes())
    assert len(made) == 1


def test_the_phase_lies_beside(tmp_path):
    turn = torch.tensor([-3.0, 0.0, 3.0]).reshape(3, 1, 1).expand(3, 30, 30)
    dealias.write(tmp_path / "f.mp4", torch.polar(torch.ones(3, 30, 30), turn), phase=True)
    found = decoded(tmp_path / "f_phase.mp4")[0][:, 4, 5]
    assert (found - torch.tensor([0, 128, 255])).abs().max() < 5


@pytest.mark.parametrize("shape", [(8, 9), (1, 8, 9), (3, 1, 8, 9)])
def test_one_image_is_no_film(tmp_path, shape):
    with pytest.raises(UserError, match=r"f\.mp4: an MP4 is a film of two frames or more, and this is one"):
        dealias.write(tmp_path / "f.mp4", torch.ones(shape))
    assert not list(tmp_path.iterdir())


def test_no_kspace_in_or_out(tmp_path):
    with pytest.raises(UserError, match=r"k\.mp4: an MP4 film holds no k-space"):
        dealias.write(tmp_path / "k.mp4", Acquisition.centred(kspace(16, 16)))
    assert not list(tmp_path.iterdir())
    dealias.write(tmp_path / "f.mp4", torch.ones(2, 16, 16))
    with pytest.raises(UserError, match=r"f\.mp4: is an MP4 film, which holds no k-space; dealias opens"):
        dealias.open(tmp_path / "f.mp4")
    with pytest.raises(UserError, match=r"f\.mp4: exists already"):
        dealias.write(tmp_path / "f.mp4", torch.ones(2, 16, 16))


def test_without_pyav(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    remedy = r"needs PyAV; pip install -e '.\[video\]' in the clone, or write .gif"
    with pytest.raises(UserError, match=remedy):
        dealias.write(tmp_path / "f.mp4", torch.ones(2, 8, 8))
    with pytest.raises(UserError, match=remedy):
        save(tmp_path / "f.mp4", torch.ones(2, 8, 8).byte(), {})
    assert not list(tmp_path.iterdir())


def test_a_disk_that_refuses(tmp_path, monkeypatch):
    """What PyAV is told by the system arrives as such, whole: no film, one line."""
    monkeypatch.setitem(OPTIONS, "crf", "0")
    film = torch.rand(20, 64, 64)
    import resource

    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, usual[1]))
    try:
        with pytest.raises(UserError, match="no space left"):
            dealias.write(tmp_path / "f.mp4", film)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert not list(tmp_path.iterdir())
