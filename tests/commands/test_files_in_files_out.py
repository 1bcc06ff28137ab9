"""reconstruct and undersample as a user meets them, in one process."""

import os
import shutil

import h5py
import numpy as np
import pytest
import torch
from PIL import Image

import dealias
from complaints import complaint
from dealias.__main__ import execute, main
from dealias.errors import Note, Unexpected
from dealias.phantoms import head, heart


def scan(path, shape=(24, 28), slices=2, coils=1):
    image = torch.stack([head(shape, seed=seed) for seed in range(slices)])
    weights = torch.linspace(1, 0.5, coils)[:, None, None] + 0j
    kspace = dealias.Acquisition.simulate(image, torch.ones(shape), weights.expand(coils, *shape)).centred_kspace
    with h5py.File(path, "w") as file:
        file["kspace"] = (kspace if coils > 1 else kspace[:, 0]).numpy()
    return image


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    path = tmp_path_factory.mktemp("scan") / "full.h5"
    scan(path)
    return path


@pytest.fixture
def here(tmp_path, monkeypatch, full):
    monkeypatch.chdir(tmp_path)
    shutil.copy(full, "full.h5")
    return tmp_path


def test_undersample_reconstruct_and_what_the_files_say(here):
    execute("undersample full.h5 -o fast.h5 --acceleration 3 --mask cartesian --mask.lines equispaced --seed 4".split())
    fast = dealias.open("fast.h5")
    assert fast.acceleration == pytest.approx(28 / round(28 / 3))
    execute(
        "undersample full.h5 -o again.h5 --acceleration 3 --mask cartesian --mask.lines=equispaced --seed 4".split()
    )
    assert torch.equal(dealias.open("again.h5").kspace, fast.kspace)
    execute("reconstruct fast.h5 -o image.h5 --method wavelet --method.iterations 3".split())
    with h5py.File("image.h5") as file:
        assert file["reconstruction"].shape == file["image"].shape == (2, 24, 28)
        assert file["reconstruction"].dtype == np.float32 and file["image"].dtype == np.complex64
        assert file.attrs["method"] == "wavelet" and file.attrs["version"] == dealias.__version__
        assert file.attrs["source"] == "fast.h5" and "command" in file.attrs
    execute("reconstruct fast.h5 -o image.npy --method dealias.methods.zero_filled.ZeroFilled".split())
    assert np.allclose(np.load("image.npy"), fast.zero_filled.numpy(), atol=1e-5)
    execute("reconstruct full.h5 -o image.png --method zero_filled".split())
    execute("reconstruct full.h5 -o new/folder/ --method zero_filled --format npy".split())
    assert (here / "new/folder/full.npy").exists()


def test_the_input_own_scale_and_noise(here):
    execute("undersample full.h5 -o noisy.h5 --acceleration 1 --noise 0.1".split())
    full, noisy = dealias.open("full.h5"), dealias.open("noisy.h5")
    assert float((noisy.kspace - full.kspace).real.std()) == pytest.approx(0.1, rel=0.05)
    assert "noise" in complaint("undersample full.h5 -o n.h5 --acceleration 2 --noise -1")


def test_fewer_samples_than_asked_for_is_said(here):
    execute("undersample full.h5 -o fast.h5 --acceleration 3".split())
    with pytest.warns(Note, match="undersampled already"):
        execute("undersample fast.h5 -o faster.h5 --acceleration 2".split())


def test_a_seed_is_the_methods_seed(here):
    execute("undersample full.h5 -o fast.h5 --acceleration 3".split())
    for seed, name in ((0, "a"), (0, "b"), (1, "c")):
        execute(f"reconstruct fast.h5 -o {name}.npy --method wavelet --method.iterations 4 --seed {seed}".split())
    a, b, c = (np.load(f"{name}.npy") for name in "abc")
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def test_a_folder(here, capsys):
    os.makedirs("in/deep")
    scan("in/a.h5", slices=1)
    scan("in/deep/b.h5", slices=1)
    (here / "in/broken.h5").write_bytes(b"\x89HDF\r\n\x1a\n and then nothing")
    line = complaint("reconstruct in -o out --method zero_filled")
    assert line == "2 of 3 reconstructed, 1 failed: broken.h5"
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(str(p.relative_to(here / "out")) for p in (here / "out").rglob("*.*")) == ["a.h5", "deep/b.h5"]
    (here / "in/broken.h5").unlink()
    before = (here / "out/a.h5").read_bytes()
    (here / "out/deep/b.h5").unlink()
    execute("reconstruct in -o out --method zero_filled".split())
    err = capsys.readouterr().err
    assert "out/a.h5: exists already, skipped" in err
    assert err.endswith("dealias: 1 of 2 reconstructed, 1 skipped\n")
    assert (here / "out/a.h5").read_bytes() == before


FOLDER = "reconstruct in -o out --method wavelet --method.iterations 2"


@pytest.mark.parametrize("kind", ["h5", "mat", "png", "nii.gz", "cfl", "gif", "mp4"])
def test_images_of_another_command_do_not_pass_for_new(here, kind, capsys):
    os.makedirs("in")
    scan("in/a.h5")
    execute(f"{FOLDER} --format {kind}".split())
    before = (here / f"out/a.{kind}").read_bytes()
    for other, why in (
        ("reconstruct in -o out --method zero_filled", "was made with method wavelet, not zero_filled"),
        (f"{FOLDER} --seed 1", "was made with seed 0, not 1"),
        (f"{FOLDER} --method.iterations 3", "was made with other weights or arguments"),
        (f"{FOLDER} --compress 1", "was made with compress not given, not 1"),
    ):
        assert complaint(f"{other} --format {kind}").endswith("0 of 1 reconstructed, 1 failed: a.h5")
        assert f"out/a.{kind}: exists already and {why}; --overwrite replaces it" in capsys.readouterr().err
    execute(f"{FOLDER} --format {kind} --batch 2".split())  # which decides nothing
    assert "skipped" in capsys.readouterr().err and (here / f"out/a.{kind}").read_bytes() == before
    os.rename("in", "moved")
    execute(f"{FOLDER.replace('in -o', 'moved -o')} --format {kind}".split())
    os.makedirs("in")
    scan("in/a.h5", slices=3)
    assert "1 failed" in complaint(f"{FOLDER.replace('in -o', 'moved -o')} --format {kind}")
    assert "was made of in/a.h5" in capsys.readouterr().err
    execute(f"reconstruct moved -o out --method zero_filled --overwrite --format {kind}".split())
    assert (here / f"out/a.{kind}").read_bytes() != before


def test_files_that_say_nothing_are_another_s_where_their_format_could(here, capsys):
    os.makedirs("in")
    scan("in/a.h5")
    shutil.copytree("in", "out")
    assert "1 failed" in complaint("reconstruct in -o out --method zero_filled")
    assert "out/a.h5: exists already and does not say what made it" in capsys.readouterr().err
    execute("reconstruct in -o out --method zero_filled --format npy".split())
    execute("reconstruct in -o out --method wavelet --format npy".split())
    assert "out/a.npy: exists already, skipped" in capsys.readouterr().err


def test_a_fault_of_ours_does_not_stop_the_others(here, monkeypatch, capsys):
    os.makedirs("in")
    for name in "ab":
        scan(f"in/{name}.h5", slices=1 + (name == "b"))
    reconstruct = dealias.reconstruct

    def faulty(method, problem, **options):
        if len(problem.kspace) == 1:
            raise ZeroDivisionError("of all things")
        return reconstruct(method, problem, **options)

    monkeypatch.setattr(dealias, "reconstruct", faulty)
    with pytest.raises(Unexpected, match="1 of 2 reconstructed, 1 failed: a.h5"):
        execute("reconstruct in -o out --method zero_filled".split())
    assert "in/a.h5: ZeroDivisionError: of all things (a fault of dealias" in capsys.readouterr().err
    assert [path.name for path in (here / "out").iterdir()] == ["b.h5"]
    with pytest.raises(ZeroDivisionError):  # alone it keeps its traceback
        execute("reconstruct in/a.h5 -o a.h5 --method zero_filled".split())


def test_the_right_to_write_is_checked_before_the_work(here, monkeypatch):
    monkeypatch.setattr(dealias, "reconstruct", None)
    os.makedirs("closed")
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != "closed" and access(path, mode))
    line = complaint("reconstruct full.h5 -o closed/a.h5 --method zero_filled")
    assert line == "closed/a.h5: no right to write to closed; name another folder"


def test_results_inside_the_input_folder_are_no_input(here, capsys):
    for _ in range(2):
        execute("reconstruct . -o out --method zero_filled".split())
    assert "1 of 1 reconstructed" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["h5", "npy", "cfl", "mat", "nii.gz", "png"])
def test_results_in_a_second_output_folder_inside_the_input_are_no_input(here, capsys, kind):
    """Whatever they say of their making, and also where they are so small that nothing tells them from k-space."""
    os.makedirs("in/deep")
    np.save("in/deep/tiny.npy", np.ones((2, 1, 8, 8), np.complex64))
    for folder in ("in/first", "in/deep/second"):
        execute(f"reconstruct in -o {folder} --format {kind} --method zero_filled".split())
    said = capsys.readouterr().err
    assert "in/first: holds results of what is in in, passed over" in said
    assert said.count("dealias: 1 of 1 reconstructed\n") == 2
    execute(f"reconstruct . -o out --format {kind} --method zero_filled".split())  # nor that of a folder around it
    assert "dealias: 2 of 2 reconstructed\n" in capsys.readouterr().err


def test_results_that_a_user_names_are_input(here):
    os.makedirs("in")
    shutil.copy("full.h5", "in/a.h5")
    execute("undersample in -o in/fast --acceleration 2".split())
    execute("reconstruct in/fast -o out --method zero_filled".split())
    execute("undersample in -o fast --acceleration 2".split())  # and those that lie elsewhere
    execute("reconstruct fast -o fast/images --method zero_filled".split())
    assert (here / "out/a.h5").exists() and (here / "fast/images/a.h5").exists()
    assert sorted(path.name for path in (here / "fast").iterdir()) == ["a.h5", "images"]


@pytest.mark.parametrize("name", ["x" * 222 + ".npy", "x" * 252 + ".npy", "x" * 300 + ".npy"])
def test_names_too_long_to_be_written_are_refused_before_the_work(here, name, monkeypatch, capsys):
    monkeypatch.setattr("dealias.open", None)
    line = complaint(f"reconstruct full.h5 -o {name} --method zero_filled")
    assert line == f"{name}: the name is too long to be written safely; make it {len(name) - 220} bytes shorter"
    monkeypatch.setattr("sys.argv", ["dealias", "info", "x" * 300])
    assert main() == 2 and capsys.readouterr().err.endswith("shorten it\n")


def test_a_long_name_of_one_file_does_not_stop_the_others(here):
    os.makedirs("in")
    shutil.copy("full.h5", "in/b.h5")
    shutil.copy("full.h5", f"in/{'a' * 252}.h5")
    execute(["info", f"in/{'a' * 252}.h5"])
    for _ in range(2):
        said = complaint("reconstruct in -o out --format nii.gz --method zero_filled")
        assert "1 failed: aaa" in said
    assert (here / "out/b.nii.gz").exists()


def test_nothing_is_lost(here):
    before = (here / "full.h5").read_bytes()
    for words in (
        "reconstruct full.h5 -o full.h5 --overwrite --method zero_filled",
        "reconstruct full.h5 -o . --overwrite --method zero_filled",
        "reconstruct . -o . --overwrite --method zero_filled",
        "undersample ./full.h5 -o full.h5 --overwrite --acceleration 2",
    ):
        assert "would be lost" in complaint(words)
    (here / "link.h5").symlink_to("full.h5")
    assert "would be lost" in complaint("reconstruct full.h5 -o link.h5 --overwrite --method zero_filled")
    assert (here / "full.h5").read_bytes() == before


def test_a_film_moves(here, monkeypatch):
    film = torch.stack([heart((4, 16, 20), seed=seed) for seed in range(3)])
    dealias.write("film.h5", dealias.Acquisition.simulate(film, torch.ones(20), axes=("time", "y", "x")))
    execute("reconstruct film.h5 -o film.gif --method zero_filled".split())
    with Image.open("film.gif") as picture:
        assert picture.n_frames == 4 and picture.size == (2 * 20, 2 * 16)
        assert b"method: zero_filled" in picture.info["comment"]
        picture.seek(2)
        found = np.array(picture.convert("L"))[16:, :20].astype(float)
    white = np.percentile(film.abs().numpy(), 99.9)
    assert abs(found - (255 * film[2, 2].abs().numpy() / white).clip(0, 255)).max() < 2
    execute("undersample full.h5 -o one.npy --acceleration 1".split())
    np.save("one.npy", np.load("one.npy")[:1])
    monkeypatch.setattr(dealias, "reconstruct", None)  # it is told before the work
    assert "one.gif: a GIF is a film of two frames" in complaint("reconstruct one.npy -o one.gif --maps none")


def test_collisions(here):
    os.makedirs("in")
    shutil.copy("full.h5", "in/x.h5")
    np.save("in/x.npy", np.ones((8, 8), np.complex64))
    assert "would both become" in complaint("reconstruct in -o out --method zero_filled")
    assert not (here / "out").exists()


def test_what_is_no_measurement_in_a_folder(here, capsys):
    os.makedirs("in/results")
    shutil.copy("full.h5", "in/a.h5")
    for name in ("notes.md", "notes.txt", "empty.npy"):
        (here / "in" / name).write_text("" if "empty" in name else "words")
    execute("reconstruct in -o in/results --method zero_filled".split())
    os.remove("in/results/.dealias_results")  # as where one by one was written
    execute("reconstruct in -o in/others --method zero_filled --overwrite".split())
    err = capsys.readouterr().err
    assert "in/results/a.h5: is an image that dealias made, passed over" in err
    assert err.endswith("dealias: 1 of 2 reconstructed, 1 skipped\n")


def test_a_pair_of_bart_by_its_base_name(here, capsys):
    dealias.write("ksp.cfl", dealias.open("full.h5")[0])
    for words in (
        "reconstruct ksp -o img.cfl --method zero_filled",
        "reconstruct ksp -o base --method zero_filled",
        "info ksp",
        "score img --against ksp",
        "undersample ksp -o fast.cfl --acceleration 2",
    ):
        execute(words.split())
    assert (here / "img.hdr").exists() and (here / "base.cfl").exists()
    assert float(capsys.readouterr().out.splitlines()[-1].split()[2]) > 100


BAD = [
    ("reconstruct full.h5 -o o.h5 --method zerofilled", "did you mean zero_filled"),
    ("reconstruct full.h5 -o o.h5 --method wavelet --method.itertions 3", "did you mean iterations"),
    ("reconstruct full.h5 -o o.h5 --method wavelet --method.iterations many", "a whole number"),
    ("reconstruct full.h5 -o o.h5 --method none.safetensors", "no such file"),
    ("reconstruct full.h5 -o o.h5 --metod wavelet", "did you mean --method"),
    ("reconstruct full.h5 o.h5 -o o.h5", "one argument too many"),
    ("reconstruct full.h5", "missing: -o"),
    ("reconstruct full.h5 -o o.h5 --precision float16", "one of float32, bfloat16, float64"),
    ("reconstruct full.h5 -o o.h5 --batch x", "--batch cannot be 'x'; give a whole number"),
    ("reconstruct full.h5 -o o.h5 --batch 0 --method zero_filled", "batch of 0"),
    ("reconstruct full.h5 -o o.h5 --method zero_filled --device cuda:9", "no CUDA device"),
    ("reconstruct full.h5 -o o.tiff --method zero_filled", "'.tiff'"),
    ("reconstruct full.h5 -o o --method zero_filled", "o: has no extension, which names its format; write o.h5"),
    ("reconstruct full.h5 -o folder/ --method zero_filled --format tiff", "one of h5, npy, png, nii.gz"),
    ("reconstruct ful.h5 -o o.h5 --method zero_filled", "did you mean full.h5"),
    ("reconstruct full.h5 -o o.h5 --method zero_filled --key nothing", "--key"),
    ("reconstruct full.h5 -o o.h5 --method zero_filled --axes time,x", "--axes"),
    ("reconstruct full.h5 -o o.h5 --method zero_filled --maps full.h5", "holds no coil maps"),
    ("reconstruct full.h5 -o full.h5/o.h5 --method zero_filled", "folder"),
    (
        "reconstruct full.h5 -o o.h5 --config none.yaml",
        "no such file; known: basis_pursuit, ",
    ),
    ("train -o out --config rimm", "--config rimm: there is no such file; did you mean rim?"),
    ("reconstruct full.h5 -o x.dcm", "'.dcm'; known: "),
    ("reconstruct full.h5 -o o.h5 --config full.h5", "YAML"),
    ("undersample full.h5 -o o.h5", "missing: --acceleration"),
    ("undersample full.h5 -o o.h5 --acceleration four", "a number"),
    ("undersample full.h5 -o o.h5 --acceleration 0.5", "impossible"),
    ("undersample full.h5 -o o.h5 --acceleration 5000", "lower the acceleration"),
    ("undersample full.h5 -o o.h5 --acceleration 2 --mask gausian", "did you mean gaussian"),
    ("undersample full.h5 -o o.h5 --acceleration 2 --mask.with 3", "did you mean width"),
    ("undersample full.h5 -o o.h5 --acceleration 2 --mask.width wide", "a number"),
    ("undersample full.h5 -o o.h5 --acceleration 2 --mask.generator 3", "no argument 'generator'"),
    ("undersample full.h5 -o o.gif --acceleration 2", "'.gif'"),
    ("undersample full.h5 -o o.png --acceleration 2", "'.png'"),
    ("reconstuct full.h5", "did you mean reconstruct"),
    ("reconstruct . -o images.h5", "images.h5: is the name of a file, but the input is a folder"),
    ("reconstruct full.h5 -o o.h5 --tune", "stacked has no argument that a scan chooses better"),
]


@pytest.mark.parametrize(("words", "text"), BAD, ids=[words for words, _ in BAD])
def test_mistakes_are_one_line_and_leave_nothing(words, text, here):
    assert text in complaint(words)
    assert [path.name for path in here.iterdir()] == ["full.h5"]


def test_many_coils(here):
    scan("coils.h5", coils=2)
    assert "no maps" in complaint("reconstruct coils.h5 -o o.h5 --method sense --maps none")
    np.save("maps.npy", np.array([1, 0.5])[:, None, None] * np.ones((2, 24, 28)) / 1.25**0.5 + 0j)
    execute("reconstruct coils.h5 -o o.h5 --method sense --maps maps.npy".split())
    np.save("maps3.npy", np.ones((3, 24, 28), np.complex64))
    assert "3 coils" in complaint("reconstruct coils.h5 -o p.h5 --method sense --maps maps3.npy")


def test_options_from_a_file(here):
    (here / "c.yaml").write_text("method: wavelet\nmethod_arguments:\n  iterations: 2\n  regularisation: 1e-3\n")
    execute("reconstruct full.h5 -o o.npy --config c.yaml".split())
    execute("reconstruct full.h5 -o p.npy --method wavelet --method.iterations 2 --method.regularisation 1e-3".split())
    assert np.array_equal(np.load("o.npy"), np.load("p.npy"))
    (here / "d.yaml").write_text('method: wavelet\nmethod.iterations: 2\n"method.regularisation": 1e-3\n')
    execute("reconstruct full.h5 -o d.npy --config d.yaml".split())
    assert np.array_equal(np.load("o.npy"), np.load("d.npy"))
    execute("reconstruct full.h5 -o q.npy --config c.yaml --method.iterations 9".split())
    assert not np.array_equal(np.load("o.npy"), np.load("q.npy"))
    (here / "none.yaml").write_text("method: wavelet\nseed: null\nmaps: null\nmethod.iterations: 2\n")
    execute("reconstruct full.h5 -o n.npy --config none.yaml".split())  # nothing is the default
    (here / "bad.yaml").write_text("metod: wavelet\n")
    assert "did you mean --method" in complaint("reconstruct full.h5 -o r.npy --config bad.yaml")
    (here / "bad.yaml").write_text("a: &x [1]\nb: *x\n")
    assert "--config uses YAML aliases" in complaint("reconstruct full.h5 -o r.npy --config bad.yaml")
    (here / "bad.yaml").write_text("method: [\n")
    assert "--config is not YAML" in complaint("reconstruct full.h5 -o r.npy --config bad.yaml")
