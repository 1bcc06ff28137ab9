"""A training as a user runs it: weights with a full card, and an exact resume after kill -9."""

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys

import h5py
import pytest
import torch
from safetensors.torch import load_file

import dealias
from complaints import complaint
from dealias import cards
from dealias.__main__ import execute
from dealias.errors import UserError
from dealias.phantoms import head
from dealias.training.alone import alone
from dealias.training.progress import Progress
from dealias.training.session import export
from dealias.training.training import Training
from dealias.training.validation_set import of_heads

pytest.importorskip("lightning")
# Lightning uses what PyTorch has deprecated, and says what a training on few cores cannot help
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec"),
    pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`"),  # the killed one kept another interval
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard.*"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:lightning.*"),
]
OPTIONS = "--method.features 4 --method.iterations 2 --simulation.crop [16,20] --precision float32 --seed 5 --every 3"

KILLED = """
import os, signal, sys
from datetime import timedelta
import torch
torch.set_num_threads(1)
import dealias.training.module as module
from dealias.__main__ import execute
start = module.Module.on_train_batch_start
def dying(self, *rest):
    if self.global_step == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    start(self, *rest)
module.KEPT_EVERY = timedelta(0)
module.Module.on_train_batch_start = dying
execute(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    import numpy as np

    folder = tmp_path_factory.mktemp("data")
    np.save(folder / "train.npy", torch.stack([head((36, 40), seed=s) for s in range(3)]).numpy())
    np.save(folder / "val.npy", head((24, 28), seed=9)[None].numpy())
    return folder


def words(data, output, *more):
    fixed = ["train", "-o", str(output), "--data", str(data / "train.npy"), "--validation", str(data / "val.npy")]
    return [*fixed, *OPTIONS.split(), "--updates", "8", *map(str, more)]


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    output = tmp_path_factory.mktemp("run") / "whole"
    execute(words(data, output))
    return output


def test_weights_and_their_card(trained, data):
    method = dealias.load(trained / "weights.safetensors")
    assert method.arguments["features"] == 4 and not method.training
    card = cards.read(trained / "weights.safetensors")
    assert card["updates"] in (3, 6, 8) and card["settings"]["seed"] == 5
    assert card["settings"]["data"] == [str(data / "train.npy")]
    assert card["command"].startswith("dealias") and len(card["date"]) == 10
    assert card["versions"].keys() == {"dealias", "torch", "lightning"}
    assert card["validation"].keys() == {"psnr", "psnr/2x", "psnr/4x"}
    scan = dealias.Acquisition.simulate(head((24, 28), seed=9), torch.ones(24, 28))
    assert torch.isfinite(dealias.reconstruct(method, scan).abs()).all()


def test_the_card_tells_of_what_was_really_learned_from(data, tmp_path, capsys):
    """A config's summary and terms of its own data are no claim about those of a user."""
    text = "method: rim\nsummary: for heads\nterms:\n  brains.npz: for research\nphantoms: 1\nphotographs: true\n"
    (tmp_path / "mine.yaml").write_text(text)
    execute([*words(data, tmp_path / "run", "--config", tmp_path / "mine.yaml"), "--updates", "1"])
    said = capsys.readouterr().err
    assert f"learns from 3 images of {data / 'train.npy'}, 1 simulated heads, 72 tiles of photographs" in said
    assert "--phantoms 0 --photographs false leaves out what is not of --data" in said
    assert "1 updates are few" in said
    card = cards.read(tmp_path / "run/weights.safetensors")
    assert card["summary"].startswith(f"for heads; learned from 3 images of {data / 'train.npy'}, 1 simulated heads")
    assert card["terms"] == "train.npy: not stated; phantoms simulated by dealias; photographs in the public domain"
    assert (tmp_path / "run/curve.png").read_bytes().startswith(b"\x89PNG")


def test_a_bar_in_time_ends_where_the_time_does(capsys):
    bar = Progress(100_000, 8.0)
    bar.move(3, 4.2, {"loss": torch.tensor(1.25)})
    bar.say("validating")
    bar.move(5, 9.9, {"loss": torch.tensor(1.0), "psnr": torch.tensor(30.0)})
    bar.close()
    assert "8/8 s, updates=5, loss=1.00, psnr=30.00" in capsys.readouterr().err


def test_the_weights_changed(trained):
    torch.manual_seed(5)
    fresh = dealias.methods.rim.RIM(features=4, iterations=2).state_dict()
    last = torch.load(trained / "last.ckpt", weights_only=True)
    assert last["global_step"] == 8
    moved = last["current_model_state"]
    assert any(not torch.equal(moved[name], fresh[name.removeprefix("method.")]) for name in moved)


def test_the_average_forgets_the_random_beginning():
    from dealias.training.module import averaged

    average, steps = torch.tensor(1.0), 300
    for count in range(1, steps):
        average = averaged(average, torch.tensor(0.0), torch.tensor(count))
    assert average < 1e-6
    late = averaged(torch.tensor(0.0), torch.tensor(1.0), torch.tensor(100_000))
    assert late == pytest.approx(0.001)


def test_after_a_kill_it_goes_on_as_if_nothing_had_been(trained, data, tmp_path):
    """Without workers first, then with one, as the training that nobody killed had."""
    output = tmp_path / "killed"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    arguments = words(data, output)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments, "--workers", "0"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=200,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert torch.load(output / "last.ckpt", weights_only=True)["global_step"] == 5
    execute(arguments)
    whole, again = (torch.load(folder / "last.ckpt", weights_only=True) for folder in (trained, output))
    for state in ("state_dict", "current_model_state"):
        for name, value in whole[state].items():
            assert torch.equal(again[state][name], value), name
    assert whole["scores"] == again["scores"]
    for name, value in load_file(trained / "weights.safetensors").items():
        assert torch.equal(load_file(output / "weights.safetensors")[name], value), name


@pytest.fixture
def copied(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "copy")


def test_a_folder_of_an_older_version_goes_on(copied, data):
    """It knows nothing of the settings that came later, and calls some by their former names."""
    file = copied / "settings.json"
    settings = json.loads(file.read_text())
    for name in ("scans", "held", "workers"):
        del settings[name]
    settings["simulation"]["silent"] = 0.1
    file.write_text(json.dumps(settings))
    execute(words(data, copied, "--updates", 9, "--simulation.hide_noise_level", 0.1))
    assert torch.load(copied / "last.ckpt", weights_only=True)["global_step"] == 9


def test_another_setting_is_refused(copied, data):
    assert "another seed" in complaint(words(data, copied, "--seed", 6))
    assert "another method" in complaint(words(data, copied, "--method.features", 5))
    assert "another simulation" in complaint(words(data, copied, "--simulation.crop", "[8,9]"))
    assert json.loads((copied / "settings.json").read_text())["seed"] == 5


def test_more_updates_go_on(copied, data):
    execute(words(data, copied, "--updates", 11))
    assert torch.load(copied / "last.ckpt", weights_only=True)["global_step"] == 11
    assert torch.load(copied / "best.ckpt", weights_only=True)["global_step"] in (3, 6, 8, 9, 11)
    assert not [*copied.glob("step=*.ckpt")]


def test_a_folder_that_was_moved_keeps_its_best(copied, data):
    before = (copied / "best.ckpt").read_bytes()
    with torch.no_grad():
        state = torch.load(copied / "last.ckpt", weights_only=True)
        (kept,) = (value for name, value in state["callbacks"].items() if name.startswith("Kept"))
        kept["best_model_score"] = kept["kth_value"] = torch.tensor(1e6)
        kept["best_k_models"] = dict.fromkeys(kept["best_k_models"], torch.tensor(1e6))
        torch.save(state, copied / "last.ckpt")
    execute(words(data, copied, "--updates", 11))
    assert (copied / "best.ckpt").read_bytes() == before, "a worse one took its place"


def test_a_damaged_folder_is_one_line(copied, data):
    last = copied / "last.ckpt"
    last.write_bytes(last.read_bytes()[:1000])
    said = complaint(words(data, copied, "--updates", 11))
    assert "last.ckpt: is damaged; remove it" in said and said.endswith(f"cp {copied / 'best.ckpt'} {last}")
    shutil.copy(copied / "best.ckpt", last)
    execute(words(data, copied, "--updates", 11))  # and so it goes on
    last.write_bytes(b"")
    (copied / "best.ckpt").unlink()
    assert complaint(words(data, copied, "--updates", 11)).endswith("begin anew from the first update")
    (copied / "settings.json").write_text("{")
    assert "settings.json: is damaged" in complaint(words(data, copied, "--updates", 11))


@pytest.mark.skipif(sys.platform == "win32", reason="no locks there")
def test_a_second_training_in_a_folder_is_refused(copied, data):
    with alone(copied):
        before = (copied / "last.ckpt").read_bytes()
        assert "another training is writing it" in complaint(words(data, copied, "--updates", 11))
        assert (copied / "last.ckpt").read_bytes() == before
    execute(words(data, copied, "--updates", 9))


def test_a_checkpoint_is_whole_or_the_one_before(copied, monkeypatch):
    """Killed in mid-write: Lightning's own way copied from another disk over the only one there was."""
    from dealias.training.module import WholeCheckpoints

    before = (copied / "last.ckpt").read_bytes()

    def cut(_, path):
        path.write_bytes(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", cut)
    with pytest.raises(KeyboardInterrupt):
        WholeCheckpoints().save_checkpoint({}, copied / "last.ckpt")
    assert (copied / "last.ckpt").read_bytes() == before


def test_patience_may_change(data, tmp_path):
    still = words(data, tmp_path, "--rate", "1e-30", "--updates", 30, "--patience", 1)
    execute(still)
    last = tmp_path / "last.ckpt"
    first = torch.load(last, weights_only=True)["global_step"]
    assert first < 30, "and the last checkpoint is that of its last validation"
    execute([*still[:-1], "50"])
    assert torch.load(last, weights_only=True)["global_step"] == 30


def test_every_validation_is_kept_where_wanted(data, tmp_path):
    execute(words(data, tmp_path, "--keep"))
    assert {file.name for file in tmp_path.glob("step=*.ckpt")} == {f"step={n}.ckpt" for n in (3, 6, 8)}
    then = export(tmp_path / "step=3.ckpt", tmp_path / "then.safetensors")
    assert cards.read(then)["updates"] == 3


def test_time(data, tmp_path):
    execute(words(data, tmp_path / "timed", "--time", "1s", "--updates", 100_000, "--every", 100_000))
    card = cards.read(tmp_path / "timed" / "weights.safetensors")
    assert 1 <= card["updates"] < 100_000
    assert card["validation"]["psnr"] > 0, "validated at its end"


def test_from_weights(trained, data, tmp_path):
    weights = trained / "weights.safetensors"
    fixed = words(data, tmp_path / "on", "--from", weights)
    fixed = [item for item in fixed if item not in ("--method.features", "--method.iterations", "4", "2")]
    execute([*fixed, "--rate", "1e-30"])
    for name, value in load_file(weights).items():
        assert torch.allclose(load_file(tmp_path / "on" / "weights.safetensors")[name], value)
    first, card = cards.read(weights), cards.read(tmp_path / "on" / "weights.safetensors")
    assert first["before"] == []
    assert card["before"] == [{name: first[name] for name in ("command", "updates", "hours")}]
    assert "name it with --method" in complaint([*fixed, "--method", "wavelet", "-o", str(tmp_path / "x")])


def test_mistakes_leave_no_folder(data, tmp_path):
    output = tmp_path / "none"
    for more, text in (
        (["--method", "wavelet", "--method_arguments", "{}"], "nothing to train"),
        (["--method.featurs", 3], "did you mean features"),
        (["--simulation.crop", "[32,16]"], "crop cannot range"),
        (["--time", "soon"], "no duration"),
        (["--time", "0s"], "more than zero"),
        (["--method.iterations", 0], "0 iterations are impossible"),
        (["--method", "unet", "--method_arguments", "{output: pair}", "--loss", "magnitude_error"], "phases nothing"),
        (["--seed", 2**70], "--seed cannot be"),
        (["--seed", -1], "--seed cannot be"),
        (["--loss", "l1"], "loss 'l1' is unknown"),
        (["--loss", "held_out"], "--held 0.4"),
        (["--held", "1"], "held is a share"),
        (["--workers", "-1"], "workers"),
        (["--scans", data / "scan.npz"], "leave --data or --scans out"),
        (["--data", "nothing.npy"], "nothing.npy"),
        (["--validation", data / "none.npy"], "none.npy"),
        (["--from", data / "none.safetensors"], "no such file"),
        (["--updates", "0"], "updates"),
        (["--every", "0"], "every"),
    ):
        assert text in complaint(words(data, output, *more))
        assert not output.exists()


def test_interrupted(data, tmp_path, monkeypatch):
    from dealias.training.module import Module

    def interrupting(*_):
        raise KeyboardInterrupt

    usual = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(Module, "training_step", interrupting)
    try:
        with pytest.raises(KeyboardInterrupt):
            execute(words(data, tmp_path / "run"))
    finally:
        signal.signal(signal.SIGINT, usual)  # Lightning lets the process ignore it from then on
    assert not (tmp_path / "run" / "weights.safetensors").exists()


def test_durations():
    lasting = [Training(validation=[], time=text).seconds for text in ("90s", "9m", "1.5h", None)]
    assert lasting == [90, 540, 5400, None]
    for text in ("", "9", "m", "-3s", "9 days"):
        with pytest.raises(UserError, match="duration"):
            Training(validation=[], time=text)


def test_films(data, tmp_path):
    """A method that sees films learns from moved stills, films and hearts."""
    import numpy as np

    np.save(tmp_path / "film.npy", torch.stack([head((24, 80), seed=s) for s in range(3)]).numpy())
    simulation = {"crop": [8, 8], "columns": [48, 48], "frames": 3, "acceleration": [2, 3]}
    arguments = [
        *("train", "-o", tmp_path / "run", "--data", data / "train.npy", "--films", tmp_path / "film.npy"),
        *("--validation", tmp_path / "film.npy", "--method", "crnn", "--method.features", 4, "--method.iterations", 2),
        *("--simulation", json.dumps(simulation), "--loss", "last_squared_error", "--clip", 5, "--phantoms", 1),
        *("--precision", "float32", "--updates", 3, "--every", 3),
    ]
    execute([str(word) for word in arguments])
    card = cards.read(tmp_path / "run" / "weights.safetensors")
    assert card["validation"].keys() == {"psnr", "psnr/6x", "psnr/9x"}
    assert dealias.load(tmp_path / "run" / "weights.safetensors").joint == ("time",)
    refused = [str(word) for word in arguments if word not in ("--method", "crnn")]
    assert "leave --films out" in complaint([*refused, "--simulation", "{}", "-o", str(tmp_path / "other")])
    assert "clip" in complaint([str(word) for word in [*arguments, "--clip", 0, "-o", tmp_path / "other"]])


@pytest.fixture(scope="module")
def scans(data):
    """Three slices by four coils in an HDF5 file, and the same undersampled."""
    images = torch.stack([head((48, 56), seed=seed) for seed in range(3)])
    maps = dealias.coils.simulate((48, 56), 4, generator=torch.Generator().manual_seed(1))
    full = dealias.Acquisition.simulate(images, torch.ones(48, 56), maps, 0.001)
    mask = dealias.sampling.cartesian((48, 56), 2, centre=0.25, generator=torch.Generator().manual_seed(2))
    for name, scan in (("full", full), ("fast", full.sampled(mask))):
        with h5py.File(data / f"{name}.h5", "w") as file:
            file["kspace"] = scan.centred_kspace.numpy()
    return data


def of_scans(data, output, *more):
    fixed = ["train", "-o", output, "--validation", data / "full.h5", *OPTIONS.split(), "--updates", 3]
    return [str(word) for word in [*fixed, "--simulation.crop", "[40,48]", *more]]


UNSEEN = {"held_out": 0.4, "sure": 0.4}  # shares that the method never sees


@pytest.mark.parametrize(
    ("file", "loss"),
    [
        ("full.h5", "ssim"),
        ("fast.h5", "measured"),
        ("fast.h5", "held_out"),
        ("full.h5", "held_out"),
        ("fast.h5", "sure"),
    ],
)
def test_measured_scans_are_learned_from_with_and_without_truth(file, loss, scans, tmp_path):
    execute(of_scans(scans, tmp_path, "--scans", scans / file, "--loss", loss, "--held", UNSEEN.get(loss, 0.0)))
    card = cards.read(tmp_path / "weights.safetensors")
    assert card["validation"].keys() == {"psnr", "psnr/4 coils 4x"}
    torch.manual_seed(5)
    fresh = dealias.methods.rim.RIM(features=4, iterations=2).state_dict()
    weights = load_file(tmp_path / "weights.safetensors")
    assert all(torch.isfinite(value).all() for value in weights.values())
    assert any(not torch.equal(weights[name], fresh[name]) for name in weights)


def test_scans_that_teach_nothing_leave_no_folder(scans, tmp_path):
    output = tmp_path / "none"
    (scans / "broken.h5").write_bytes((scans / "full.h5").read_bytes()[:5000])
    fast, full, broken = (("--scans", scans / f"{name}.h5") for name in ("fast", "full", "broken"))
    for words_, text in (
        (fast, "not fully sampled, so this loss has no image to compare with; take held_out"),
        ((*fast, scans / "full.h5"), "learn from them apart"),
        ((*full, "--method", "crnn"), "methods of images"),
        (broken, "broken.h5: is no HDF5 file, or a damaged"),
        ((*full, "--simulation.columns", 9), "Scans takes no argument 'columns'"),
        ((), "nothing to learn from"),
    ):
        assert text in complaint(of_scans(scans, output, *words_))
        assert not output.exists()


def test_what_a_worker_complains_of_is_one_line(data, tmp_path, monkeypatch):
    from dealias.training.simulate import Simulation

    usual = Simulation.examples

    def failing(self, size, generator):
        if multiprocessing.parent_process() is not None:
            raise UserError("slice 3 is damaged; copy it again")
        return usual(self, size, generator)

    monkeypatch.setattr(Simulation, "examples", failing)
    assert complaint(words(data, tmp_path / "run")) == "slice 3 is damaged; copy it again"


def test_susceptibility_is_learned_from_bodies_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("dealias.training.session.of_heads", lambda: of_heads((101,), 20))
    small = "--method.features 2 --method.iterations 2 --simulation.crop [16,18] --bodies 2 --updates 2 --workers 0"
    words = ["train", "--config", "qsm", *small.split(), "--precision", "float32"]
    execute([*words, "-o", str(tmp_path / "run")])
    card = cards.read(tmp_path / "run/weights.safetensors")
    assert card["validation"].keys() == {"snr"} and "% on its validation set" in card["summary"]
    assert "learned from deformed heads and 2 heaps of shapes" in card["summary"]
    assert card["terms"] == "phantoms simulated by dealias"
    assert card["arguments"]["dimensions"] == 3 and card["arguments"]["channels"] == 1
    assert "leave --data" in complaint([*words, "--data", "a.npy", "-o", str(tmp_path / "other")])
    assert "--validation" in complaint(["train", "--phantoms", "2", "-o", str(tmp_path / "other")])
    assert not (tmp_path / "other").exists()
