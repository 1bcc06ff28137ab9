"""reconstruct --uncertainty: an error bar beside the image, in its file or in one of its own."""

import subprocess
import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest
import torch

import dealias
from complaints import complaint
from dealias.__main__ import execute
from dealias.errors import Note
from dealias.files import slice_ranges
from problems import two_heads


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dealias.write("scan.h5", two_heads(0.002))
    return tmp_path


def test_hdf5_holds_the_error_bar(here, capsys):
    execute("reconstruct scan.h5 -o image.h5 --method wavelet --uncertainty --folds 2".split())
    found = dealias.uncertainty("wavelet", "scan.h5", folds=2)
    with h5py.File("image.h5") as file:
        width = file["uncertainty"]
        assert width.dtype == np.float32 and width.shape == file["reconstruction"].shape
        assert width.attrs["coverage"] == 0.9
        assert np.allclose(width[()], found.half_width.numpy(), rtol=1e-5)
        assert np.allclose(file["predicted_rms"][()], found.rms.numpy(), rtol=1e-5)
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if "expected" in line] == [f"dealias: {line}" for line in found.lines()]
    execute("reconstruct scan.h5 -o plain.h5 --method wavelet".split())
    with h5py.File("plain.h5") as file, h5py.File("image.h5") as other:
        assert "uncertainty" not in file and np.array_equal(file["image"], other["image"])


def gap(path):
    """Write two slices, the first empty."""
    scan = two_heads(0.002)
    dealias.write(path, replace(scan, kspace=scan.kspace * torch.tensor([0, 1])[:, None, None, None]))
    return f"reconstruct {path} -o image.h5 --method wavelet --uncertainty --folds 1".split()


def test_an_empty_slice_is_passed_over(here):
    command = [sys.executable, "-m", "dealias", *gap("gap.h5")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    with h5py.File("image.h5") as file:
        width, rms = file["uncertainty"][()], file["predicted_rms"][()]
    assert not width[0].any() and rms[0] == 0 and np.isfinite(width).all() and 0 < rms[1] < 0.1
    note = "dealias: every sample is zero in 1 of 2 slices: so are the image and its error bar"
    lines = done.stderr.splitlines()
    assert len(lines) == 3 and {note, "dealias: slice 0: empty"} < {*lines}, lines


def test_an_empty_slice_that_is_read_alone_is_passed_over(here, monkeypatch):
    monkeypatch.setattr(slice_ranges, "AT_ONCE", 1)
    with pytest.warns(Note) as notes:
        execute(gap("gap.h5"))
    assert [str(note.message) for note in notes] == [
        "slices 0 to 0: every sample is zero: so are the image and its error bar"
    ]
    with h5py.File("image.h5") as file:
        assert file["predicted_rms"][0] == 0 < file["predicted_rms"][1]


@pytest.mark.parametrize("extension", ["nii.gz", "png"])
def test_other_formats_have_it_beside(here, extension):
    execute(f"reconstruct scan.h5 -o image.{extension} --method wavelet --uncertainty --folds 1".split())
    names = {path.name for path in here.iterdir()}
    assert any(name.startswith("image_uncertainty") and name.endswith(extension) for name in names), names


def test_a_result_without_it_is_another(here):
    folder = here / "in"
    folder.mkdir()
    (here / "scan.h5").rename(folder / "scan.h5")
    execute("reconstruct in -o out --method zero_filled".split())
    text = complaint("reconstruct in -o out --method zero_filled --uncertainty --folds 1".split())
    assert "1 failed" in text


def test_what_cannot_be(here):
    text = complaint("reconstruct scan.h5 -o a.h5 --method zero_filled --uncertainty --folds 0".split())
    assert "0 folds are impossible" in text
    assert not (here / "a.h5").exists()


@pytest.mark.parametrize("size", [slice_ranges.AT_ONCE, 1], ids=["whole", "in parts"])
@pytest.mark.parametrize(("slices", "wanted"), [("", [0, 1]), ("--slices 1", [1]), ("--slices 1:2", [1])])
def test_slices_are_counted_from_the_start_of_the_file(size, slices, wanted, here, capsys, monkeypatch):
    monkeypatch.setattr(slice_ranges, "AT_ONCE", size)
    execute(f"reconstruct scan.h5 -o image.h5 --method zero_filled --uncertainty --folds 1 {slices}".split())
    lines = [line for line in capsys.readouterr().err.splitlines() if "expected" in line]
    found = dealias.uncertainty("zero_filled", "scan.h5", folds=1)
    assert [line.split(",")[0] for line in lines] == [f"dealias: {found.lines()[i].split(',')[0]}" for i in wanted]
    assert [line.split(":")[1].strip() for line in lines] == [f"slice {i}" for i in wanted]
