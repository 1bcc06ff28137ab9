"""reconstruct --tune, and what else a method decides: one line, and the file's record."""

import json

import h5py
import numpy as np
import pytest
import torch
from PIL import Image

import dealias
from complaints import complaint
from dealias.__main__ import execute
from dealias.acquisition import Acquisition
from dealias.commands._decided import worded
from dealias.errors import Note
from dealias.files import slice_ranges
from problems import two_heads


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dealias.write("scan.h5", two_heads(0.02))
    return tmp_path


@pytest.mark.parametrize("size", [slice_ranges.AT_ONCE, 1], ids=["whole", "in parts"])
def test_what_was_tuned_is_in_the_record(size, here, capsys, monkeypatch):
    monkeypatch.setattr(slice_ranges, "AT_ONCE", size)
    words = "reconstruct scan.h5 -o image.h5 --method wavelet --method.iterations 5 --method.regularisation 0 --tune"
    execute(words.split())
    with h5py.File("image.h5") as file:
        values, text = file["regularisation"][()], file.attrs["decided"]
        settings = json.loads(file.attrs["settings"])
        image = file["image"][()]
    assert values.shape == (2,) and set(values.tolist()) <= {np.float32(v) for v in (0, *_knob())} and values.max() > 0
    assert settings["tune"] is True and settings["method"] == "wavelet"
    assert f"dealias: scan.h5: {text}" in capsys.readouterr().err.splitlines() and text.startswith("regularisation")
    tuned = dealias.load("tuned", of="wavelet:iterations=5:regularisation=0")
    assert np.allclose(image, dealias.reconstruct(tuned, "scan.h5").numpy(), atol=1e-5)


def _knob():
    return dealias.load("wavelet").knobs["regularisation"]


def test_the_weights_of_a_stack_are_in_the_record(here):
    words = (
        "reconstruct scan.h5 -o image.h5 --method stacked --method.of zero_filled,wavelet:iterations=5 --uncertainty"
    )
    execute([*words.split(), "--folds", "1"])
    with h5py.File("image.h5") as file:
        weights = np.stack([file["weight_zero_filled"][()], file["weight_wavelet_iterations_5"][()]])
        assert (
            weights.shape == (2, 2) and np.allclose(weights.sum(0), 1, atol=1e-6) and "weight_" in file.attrs["decided"]
        )
    execute("reconstruct scan.h5 -o image.png --method wavelet --method.iterations 5 --tune".split())
    with Image.open(next(here.glob("image*.png"))) as picture:
        assert picture.text["decided"].startswith("regularisation")


def test_a_film_has_one_choice_and_its_frames_have_weights(here):
    from dealias.phantoms import heart

    film = heart((3, 24, 24))
    dealias.write("film.h5", Acquisition.simulate(film, torch.ones(24), None, 0.01, axes=("time", "y", "x")))
    execute("undersample film.h5 -o few.h5 --mask cartesian --acceleration 2".split())
    execute("reconstruct few.h5 -o a.h5 --method stacked --method.of zero_filled,sense".split())
    execute("reconstruct few.h5 -o b.h5 --method kt_slr --method.iterations 2 --tune".split())
    with h5py.File("a.h5") as a, h5py.File("b.h5") as b:
        assert a["weight_sense"].size == 3 and b["total_variation"].shape == (1,)


def test_what_cannot_be_tuned(here):
    text = complaint("reconstruct scan.h5 -o image.h5 --method sense --tune".split())
    assert "sense has no argument that a scan chooses" in text and not (here / "image.h5").exists()


def test_words():
    nan = float("nan")
    found = {"a": torch.tensor([0.002, 0.004]), "b": torch.tensor([nan, 1.0]), "c": torch.tensor([nan])}
    assert worded(found) == "a 0.002 to 0.004, b 1 or by itself, c by itself"
    assert worded({"a": torch.tensor([[2.0], [2.0]])}) == "a 2"


def test_a_spike_is_told_of(here, capsys):
    kspace = dealias.open("scan.h5").centred_kspace.clone()
    kspace[1, 0, 12, 17] = 0.3 * kspace.abs().max()
    np.save("bad.npy", kspace.numpy())
    with pytest.warns(Note, match="in 1 of 2 slices a sample of k-space has"):
        execute("reconstruct bad.npy -o image.h5 --method zero_filled".split())
    execute("reconstruct scan.h5 -o good.h5 --method zero_filled".split())
    assert capsys.readouterr().err == ""
