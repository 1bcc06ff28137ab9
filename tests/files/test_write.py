import os
import resource
import signal

import numpy as np
import pytest
import torch

from dealias.errors import UserError
from dealias.files.atomic import atomic
from dealias.files.write import write

PIXELS = torch.ones(3, 64, 64, dtype=torch.complex64)


@pytest.mark.parametrize("name", ["i.h5", "i.npy", "i.png", "i.gif", "i.cfl", "i.mat", "i.nii"])
def test_nothing_is_replaced_unasked(tmp_path, name):
    (tmp_path / name).write_text("precious")
    with pytest.raises(UserError, match="exists already; use --overwrite"):
        write(tmp_path / name, PIXELS)
    assert (tmp_path / name).read_text() == "precious"
    write(tmp_path / name, PIXELS, overwrite=True)
    assert (tmp_path / name).stat().st_size > 100 and set(os.listdir(tmp_path)) <= {name, "i.hdr"}


@pytest.mark.parametrize("name", ["i.h5", "i.npy", "i.png", "i.gif", "i.cfl", "i.mat", "i.nii"])
def test_a_full_disk_leaves_nothing(tmp_path, name):
    pixels = torch.randn(3, 200, 200)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(UserError, match=f"{name}: there is no space left on the disk"):
            write(tmp_path / name, pixels)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name, text", [("i.h4", r"did you mean \.h5\?"), 
     ("i", "no format has the extension ''; known: .cfl, .gif, .h5"),
                   ("none/i.h5", "there is no folder"), (".", "is a folder"),
                   ("i" * 300 + ".npy", "name is too long")]
)  # fmt: skip
def test_places_that_cannot_be(tmp_path, name, text):
    with pytest.raises(UserError, match=text) as caught:
        write(tmp_path / name, PIXELS)
    assert str(caught.value).startswith(str(tmp_path)) and "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_device_is_not_replaced():
    with pytest.raises(UserError, match="not an ordinary file"), atomic("/dev/null", overwrite=True):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_closed_folder(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="no right to write"):
        write(tmp_path / "i.npy", PIXELS)


def test_an_empty_image(tmp_path):
    with pytest.raises(UserError, match=r"i\.npy: an image has axes"):
        write(tmp_path / "i.npy", torch.ones(0, 4, 4))


def test_an_error_inside_leaves_nothing(tmp_path):
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), atomic(tmp_path / "a") as temporary:
            temporary.write_text("half")
            raise error
    assert not list(tmp_path.iterdir())


def test_the_file_has_the_usual_rights(tmp_path):
    write(tmp_path / "i.npy", PIXELS)
    (tmp_path / "plain").touch()
    assert (tmp_path / "i.npy").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert np.load(tmp_path / "i.npy").dtype == np.complex64


@pytest.mark.parametrize("value", [float("nan"), float("inf"), complex(0, float("-inf"))])
def test_an_image_that_is_not_finite_is_not_written(tmp_path, value):
    image = torch.ones(2, 8, 8, dtype=torch.complex64)
    image[1, 2, 3] = value
    with pytest.raises(UserError, match="a.h5: the image holds values that are NaN or infinite"):
        write(tmp_path / "a.h5", image)
    assert not any(tmp_path.iterdir())
