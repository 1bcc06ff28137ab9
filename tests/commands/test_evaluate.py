"""dealias evaluate as a user meets it: what it writes, goes on from, and refuses."""

import csv
import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

import dealias
from complaints import complaint
from dealias import cards
from dealias.__main__ import execute
from dealias.evaluation import report
from dealias.evaluation.calibration import CURVE, NUMBERS
from dealias.evaluation.compare import COLUMNS
from dealias.methods.rim import RIM
from dealias.phantoms import head, heart


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    images = torch.stack([head((32, 36), seed=seed) for seed in range(2)])
    np.save(folder / "images.npy", images.numpy())
    dealias.write(folder / "scan.h5", dealias.Acquisition.simulate(images[:1], torch.ones(36), noise_std=0.01))
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch, data):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(data, "in")
    return tmp_path


@pytest.fixture
def undrawn(monkeypatch):
    """Figures are looked at elsewhere, and take the longest."""
    monkeypatch.setattr(report, "boxes", lambda *_, **__: None)


def table(folder):
    with open(f"{folder}/scores.csv", newline="") as file:
        return list(csv.DictReader(file))


SHORT = "evaluate in -o out --methods zero_filled,sense --accelerations 2,4 --patterns 2"


def test_what_is_written(here, capsys):
    execute(SHORT.split())
    rows = table("out")
    assert len(rows) == 3 * 2 * 2 * 2 and tuple(rows[0]) == COLUMNS
    places = {(row["file"], row["slice"], row["noise"]) for row in rows}
    assert places == {("images.npy", "0", "0.001"), ("images.npy", "1", "0.001"), ("scan.h5", "0", "0")}
    assert {row["acceleration"] for row in rows} == {"2", "4"}
    names = sorted(path.name for path in (here / "out").iterdir())
    assert names == ["gaussian_2x.png", "gaussian_4x.png", "scores.csv", "settings.json", "summary.md"]
    out = capsys.readouterr().out
    assert (here / "out/summary.md").read_text(encoding="utf-8") in out and out.count("\n|") == 5
    settings = json.loads((here / "out/settings.json").read_text())
    assert settings["version"] == dealias.__version__ and settings["methods"].keys() == {"zero_filled", "sense"}


def test_a_film_is_shown_once_more(here, undrawn):
    film = heart((4, 24, 24))[None].repeat(2, 1, 1, 1)
    dealias.write("film.h5", dealias.Acquisition.simulate(film, torch.ones(24), axes=("time", "y", "x")))
    words = "evaluate film.h5 -o out --methods zero_filled,kt_focuss --accelerations 2,4 --patterns 1 --mask kt"
    words += " --mask.central 4 --film"
    execute(words.split())
    shown = [f"kt_{rate}x_film.{kind}" for rate in (2, 4) for kind in ("gif", "mp4", "png")]
    assert {path.name for path in (here / "out").iterdir()} == {"scores.csv", "settings.json", "summary.md", *shown}
    before = {name: (here / "out" / name).read_bytes() for name in shown}
    with Image.open("out/kt_4x_film.gif") as picture:
        assert picture.n_frames == 4 and picture.size == (3 * 28, 14 + 2 * 28)
        found = np.array(picture.convert("L")).astype(float)
    truth = 255 * film[0, 0].abs().numpy() / film.abs().max().item()
    assert abs(found[14:38, :24] - truth).max() < 2
    zero_filled, kt_focuss = (found[42:66, start : start + 24] for start in (28, 56))  # errors
    assert zero_filled.mean() > kt_focuss.mean() > 0
    execute(words.split())  # nothing is measured again, and the films are the same
    assert before == {name: (here / "out" / name).read_bytes() for name in shown} and len(table("out")) == 32


@pytest.mark.parametrize("coils", [1, 2])
def test_images_are_a_film_where_time_is_named(here, undrawn, coils):
    np.save("film.npy", 3 * heart((4, 24, 24)).abs().numpy())
    words = "evaluate film.npy -o out --methods zero_filled,kt_focuss --accelerations 3 --patterns 1 --mask kt --film"
    execute([*f"{words} --mask.central 4 --coils {coils}".split(), "--axes", "time y x"])
    rows = table("out")
    assert [row["frame"] for row in rows] == ["0", "1", "2", "3"] * 2 and {row["slice"] for row in rows} == {"0"}
    means = [np.mean([float(row["psnr"]) for row in rows if row["method"] == m]) for m in ("zero_filled", "kt_focuss")]
    assert means[0] < means[1]
    assert {path.suffix for path in (here / "out").glob("kt_3x_film.*")} == {".gif", ".mp4", ".png"}


def test_a_panel_of_the_first_image_by_all_methods(here, undrawn):
    execute(f"{SHORT} --panel".split())
    for rate in (2, 4):
        with Image.open(f"out/gaussian_{rate}x_panel.png") as picture:
            assert picture.width > picture.height > 100
    np.save("none.npy", np.zeros((8, 8), np.float32))
    assert "--panel shows images" in complaint("evaluate none.npy -o e --methods sense --accelerations 2 --panel")


def test_two_settings_of_one_method(here, undrawn):
    words = "evaluate in/scan.h5 -o out --accelerations 4 --patterns 1 --methods"
    execute([*words.split(), "wavelet:iterations=1,wavelet:iterations=20:regularisation=1e-3,wavelet"])
    rows = table("out")
    assert [row["method"] for row in rows] == [
        "wavelet:iterations=1",
        "wavelet:iterations=20:regularisation=1e-3",
        "wavelet",
    ]
    assert len({row["psnr"] for row in rows}) == 3
    assert "did you mean iterations" in complaint([*words.split(), "wavelet:itertions=3"])
    assert "arguments follow as wavelet:iterations=100" in complaint([*words.split(), "wavelet:iterations"])


def test_no_film_to_show(here):
    assert complaint(f"{SHORT} --film") == (
        "--film shows films, and the input holds none; leave it out, or name time: --axes 'time y x'"
    )


def test_going_on_and_extending(here, undrawn, capsys):
    execute(SHORT.split())
    first = (here / "out/scores.csv").read_bytes()
    execute(SHORT.split())
    assert (here / "out/scores.csv").read_bytes() == first
    assert "24 rows are there" in capsys.readouterr().err
    execute(f"{SHORT} --patterns 3 --methods zero_filled --accelerations 2,3".split())
    second = (here / "out/scores.csv").read_bytes()
    assert second.startswith(first) and len(table("out")) == 24 + 3 * 1 + 3 * 3
    execute(f"{SHORT} --mask cartesian".split())
    assert len(table("out")) == 36 + 24 and {row["mask"] for row in table("out")} == {"gaussian", "cartesian"}
    before = (here / "out/settings.json").read_bytes()
    for other, text in (
        ("--noise 0.01", "with noise 0.001, not 0.01"),
        ("--seed 1", "with seed 0, not 1"),
        ("--range volume", "with range slice, not volume"),
        ("--mask.centre 0.04", "with mask_arguments None, not {'centre': 0.04}"),
    ):
        assert text in complaint(f"{SHORT} {other}")
    assert (here / "out/settings.json").read_bytes() == before


def test_weights_and_classes_of_anyone(here, undrawn):
    torch.manual_seed(0)
    cards.save("w.safetensors", RIM(features=4, iterations=1))
    names = "w.safetensors,rim,dealias.methods.zero_filled.ZeroFilled,wavelet"
    words = f"evaluate in/scan.h5 -o out --methods {names} --accelerations 4 --patterns 1"
    execute(words.split())
    assert [row["method"] for row in table("out")] == names.split(",")
    cards.save("w.safetensors", RIM(features=4, iterations=2), overwrite=True)
    assert "another 'w.safetensors', with other weights" in complaint(words)


def test_one_broken_file_does_not_stop_the_others(here, undrawn, capsys):
    (here / "in/broken.h5").write_bytes(b"\x89HDF\r\n\x1a\n and then nothing")
    assert complaint(SHORT) == "2 of 3 compared, 1 failed: broken.h5"
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and err.startswith("dealias: in/broken.h5: ")
    assert len(table("out")) == 24
    (here / "in/broken.h5").unlink()
    execute(SHORT.split())


def test_the_same_numbers_alone_and_in_a_folder(here, undrawn):
    execute(f"{SHORT} --range volume".split())
    execute(f"{SHORT} --range volume".replace("in -o out", "in/images.npy -o alone").split())
    alone = table("alone")
    together = {tuple(row[name] for name in COLUMNS[:7]): row for row in table("out")}
    for row in alone:
        other = together[tuple(row[name] for name in COLUMNS[:7])]
        assert all(row[name] == other[name] for name in COLUMNS if name != "seconds")


BAD = [
    ("--methods zero_filld", "did you mean zero_filled"),
    ("--methods variational_network", "no shipped weights"),
    ("--methods zero_filled,zero_filled", "name each once"),
    ("--accelerations four", "numbers such as 2,3,4,5"),
    ("--accelerations 0.5", "1 or more"),
    ("--patterns 0", "1 or more"),
    ("--patterns few", "a whole number"),
    ("--noise -1", "noise of -1"),
    ("--mask gausian", "did you mean gaussian"),
    ("--mask.with 1", "did you mean width"),
    ("--range image", "one of slice, volume"),
    ("--device cuda:9", "no CUDA device"),
    ("--maps none.npy", "none.npy"),
    ("-o in/scan.h5", "is a file"),
    ("-o in/scan.h5/out", "scan.h5"),
]


@pytest.mark.parametrize(("words", "text"), BAD, ids=[words for words, _ in BAD])
def test_mistakes_are_one_line_and_leave_nothing(words, text, here):
    assert text in complaint(f"{SHORT} {words}")
    assert sorted(path.name for path in here.rglob("*")) == ["images.npy", "in", "scan.h5"]


def test_no_data(here):
    assert "did you mean in" in complaint(SHORT.replace("evaluate in", "evaluate inn"))
    (here / "none").mkdir()
    assert "no file of a known format" in complaint(SHORT.replace("evaluate in", "evaluate none"))


def test_error_bars_are_scored(here, capsys):
    """By the truth; the figures say what the table does, and the folder is another's than that of images alone."""
    words = "evaluate in/images.npy -o out --methods zero_filled,sense --accelerations 3 --patterns 1"
    execute(f"{words} --uncertainty --folds 1".split())
    rows = table("out")
    assert len(rows) == 4 and tuple(rows[0]) == (*COLUMNS, *NUMBERS, *CURVE)
    for row in rows:
        assert 0 <= float(row["coverage_body"]) <= 1 and float(row["predicted_rms"]) > 0
        assert float(row["true_rms"]) == pytest.approx(float(row["mse"]) ** 0.5, rel=1e-4)
    out = capsys.readouterr().out
    assert "predicted / true rms" in out and (here / "out/summary.md").read_text(encoding="utf-8") in out
    assert (here / "out/gaussian_3x_calibration.png").stat().st_size > 5000
    text = complaint(words.split())
    assert "with these options" in text
