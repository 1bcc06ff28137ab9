"""dealias score: images that anyone made, against true ones."""

import csv

import h5py
import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

import dealias
from complaints import complaint
from dealias.__main__ import execute
from dealias.errors import Note
from dealias.phantoms import head


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Two volumes as fastMRI has them: a target beside k-space, and predictions in a folder."""
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    for folder in ("truth", "made"):
        (tmp_path / folder).mkdir()
    for number, name in enumerate("ab"):
        images = torch.stack([(1 + s) * head((40, 48), seed=3 * number + s).abs() for s in range(3)]).numpy()
        with h5py.File(f"truth/{name}.h5", "w") as file:
            file["kspace"] = generator.normal(size=(3, 2, 60, 48)).astype(np.complex64)
            file["reconstruction_rss"] = images
        with h5py.File(f"made/{name}.h5", "w") as file:
            file["reconstruction"] = images + generator.normal(size=images.shape, scale=0.02).astype(np.float32)
    return tmp_path


def volumes(name):
    with h5py.File(f"truth/{name}.h5") as truth, h5py.File(f"made/{name}.h5") as made:
        return truth["reconstruction_rss"][()], made["reconstruction"][()]


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_each_slice_as_scikit_image_has_it(here, capsys):
    execute("score made -o scores.csv --against truth".split())
    rows = table("scores.csv")
    assert [(row["file"], row["slice"]) for row in rows] == [(f"{name}.h5", f"{s}") for name in "ab" for s in range(3)]
    for name in "ab":
        truth, made = volumes(name)
        for s, row in enumerate(row for row in rows if row["file"] == f"{name}.h5"):
            peak = truth[s].max()
            psnr = peak_signal_noise_ratio(truth[s], abs(made[s]), data_range=peak)
            assert float(row["psnr"]) == pytest.approx(psnr, abs=1e-3)
            ssim = structural_similarity(truth[s].astype(float), abs(made[s]).astype(float), data_range=peak)
            assert float(row["ssim"]) == pytest.approx(ssim, abs=1e-3)
    out = capsys.readouterr().out.splitlines()
    assert out[0].split() == ["file", "slices", "PSNR", "/", "dB", "SSIM", "NMSE", "HFEN"] and out[3].startswith("mean")
    assert max(map(len, out)) < 80
    assert float(out[3].split()[2]) == pytest.approx(np.mean([float(row["psnr"]) for row in rows]), abs=0.01)


@pytest.mark.parametrize("made", [0.0, 0.1])
def test_an_empty_true_slice_is_passed_over(here, made, capsys):
    """Its PSNR would be infinite, or minus that, and so would the mean."""
    truth, images = volumes("a")
    truth[0], images[0] = 0, made
    np.save("truth.npy", truth)
    np.save("made.npy", images)
    with pytest.warns(Note, match="1 of its 3 true images are empty"):
        execute("score made.npy -o scores.csv --against truth.npy".split())
    rows = table("scores.csv")
    assert [row["slice"] for row in rows] == ["1", "2"] and all(20 < float(row["psnr"]) < 60 for row in rows)
    np.save("truth.npy", 0 * truth)
    assert "0 of 1 scored, 1 failed" in complaint("score made.npy --against truth.npy")
    assert "truth.npy: its true images are zero everywhere" in capsys.readouterr().err


def test_volumes_in_the_way_of_fastmri(here):
    """Its evaluate.py: PSNR and NMSE of the whole volume, the mean SSIM of slices by the volume's maximum."""
    execute("score made/a.h5 -o scores.csv --against truth/a.h5 --range volume".split())
    (row,) = table("scores.csv")
    truth, made = volumes("a")
    made = abs(made).astype(float)
    assert float(row["psnr"]) == pytest.approx(peak_signal_noise_ratio(truth, made, data_range=truth.max()), abs=1e-3)
    assert float(row["nmse"]) == pytest.approx(((truth - made) ** 2).sum() / (truth**2).sum(), rel=1e-4)
    ssim = [structural_similarity(t.astype(float), m, data_range=truth.max()) for t, m in zip(truth, made, strict=True)]
    assert float(row["ssim"]) == pytest.approx(np.mean(ssim), abs=1e-4)


def test_another_scale_and_another_size_are_told(here, capsys):
    truth, _ = volumes("a")
    np.save("made.npy", np.pad(truth / 2, ((0, 0), (4, 4), (0, 0))))
    with pytest.warns(Note, match=r"made.npy: the true images are 2 times as bright; --fit"):
        execute("score made.npy --against truth/a.h5".split())
    assert float(capsys.readouterr().out.splitlines()[1].split()[2]) < 30
    execute("score made.npy --against truth/a.h5 --fit".split())
    assert float(capsys.readouterr().out.splitlines()[1].split()[2]) > 100
    np.save("few.npy", truth[:2])
    assert "0 of 1 scored, 1 failed: few.npy" in complaint("score few.npy --against truth/a.h5")
    assert "few.npy: has images (2, 40, 48), truth/a.h5 (3, 40, 48)" in capsys.readouterr().err


def test_names_that_do_not_match(here, capsys):
    (here / "made/b.h5").rename(here / "made/c.h5")
    assert "1 of 2 scored, 1 failed: c.h5" in complaint("score made --against truth")
    assert "truth: holds no file called c" in capsys.readouterr().err
    np.save("truth/a.npy", np.ones((4, 4)))
    assert "0 of 1 scored" in complaint("score made/a.h5 --against truth")
    assert "truth: holds a.h5 and a.npy for a.h5; remove one of them" in capsys.readouterr().err
    assert "2 failed" in complaint("score made --against none")


def test_what_we_made_of_full_k_space(here, capsys):
    images = torch.stack([head((40, 48), seed=s) for s in range(2)])
    full = dealias.Acquisition.simulate(images, torch.ones(48))
    dealias.write("full.h5", full)
    execute("reconstruct full.h5 -o image.nii --method zero_filled".split())
    execute("score image.nii --against full.h5".split())
    assert float(capsys.readouterr().out.splitlines()[1].split()[2]) > 100
