"""What was called otherwise before: old weights, configs, folders and command lines mean what they meant."""

import inspect
import json

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

import dealias
from dealias import cards, find
from dealias.__main__ import CONFIGS, execute
from dealias.configure import configure, typed_arguments
from dealias.errors import Note, UserError
from dealias.former_names import NOW, current_settings
from dealias.methods.crnn import CRNN
from dealias.methods.rim import RIM
from dealias.training.films import FilmSimulation
from dealias.training.session import SETTINGS
from dealias.training.simulate import Simulation

TOLD = r"^\w+: '(consistent|grain|silent)' is called '(consistency_steps|image_noise|hide_noise_level)' now$"
FORMER = {name: former for former, name in NOW.items()}


def formerly(values):
    return {FORMER.get(name, name): value for name, value in values.items()}


def test_nothing_takes_a_former_name_and_something_every_new_one():
    takers = [*map(find.method, find.names("methods")), Simulation, FilmSimulation]
    taken = {name for taker in takers for name in inspect.signature(taker).parameters}
    assert not taken & NOW.keys() and taken >= {*NOW.values()}


@pytest.mark.parametrize("name", cards.weights())
def test_shipped_weights_load_with_the_values_of_their_cards(name):
    """Their cards were written before, and no Note may trouble who uses them: warnings are errors here."""
    with cards.safe_open(cards.WEIGHTS / f"{name}.safetensors", framework="pt") as file:
        written = json.loads(file.metadata()["card"])
    load = cards.load_prior if written["method"].startswith("dealias.priors.") else dealias.load
    arguments = load(name).arguments
    for former, value in written["arguments"].items():
        assert arguments[NOW.get(former, former)] == value
    card = cards.read(cards.WEIGHTS / f"{name}.safetensors")
    assert not NOW.keys() & {*card["arguments"], *card["settings"]["simulation"], *card["settings"]["method_arguments"]}
    assert card["settings"]["simulation"] == current_settings(written["settings"])["simulation"]


def test_a_card_of_before(tmp_path):
    path, old = tmp_path / "new.safetensors", tmp_path / "old.safetensors"
    cards.save(path, RIM(features=4, iterations=2, consistency_steps=3))
    card = cards.read(path)
    save_file(load_file(path), old, metadata={"card": json.dumps({**card, "arguments": formerly(card["arguments"])})})
    assert b"consistency_steps" not in old.read_bytes()
    assert dealias.load(old).consistency_steps == 3
    assert dealias.load(old, consistency_steps=1).consistency_steps == 1
    with pytest.warns(Note, match="RIM: 'consistent' is called 'consistency_steps' now"):
        assert dealias.load(old, consistent=2).consistency_steps == 2


def test_arguments_of_before():
    with pytest.warns(Note, match="'published' is called 'authors_conventions' now"):
        assert configure(CRNN, {"features": 4, "published": True}).learned == -2
    with pytest.warns(Note) as notes:
        found = simulation_of({"silent": 0.7, "grain": 0.2})
    assert (found.hide_noise_level, found.image_noise) == (0.7, 0.2)
    assert len(notes) == 2
    with pytest.raises(UserError, match="no argument 'grain'"):  # films have none
        typed_arguments(FilmSimulation, {"grain": 0.2}, given=("images",))


def test_a_class_of_somebody_else_keeps_its_words():
    def own(consistent: int = 1, published: bool = False) -> tuple[int, bool]:
        return consistent, published

    assert configure(own, {"consistent": 3}) == (3, False)


def asked(monkeypatch, *words):
    """What a command line asks the training for: its method and its simulation, built."""
    found = []
    monkeypatch.setattr("dealias.training.session.train", lambda output, training: found.append(training))
    execute(["train", "-o", "out", *words])
    return configure(RIM, found[0].method_arguments), simulation_of(found[0].simulation)


def simulation_of(values):
    return Simulation((), **typed_arguments(Simulation, values, given=("images",)))


def test_a_command_line_of_before_goes_with_a_config_of_now(monkeypatch):
    """The command that the shipped RIM's card states gives --simulation.grain beside --config rim."""
    with pytest.warns(Note, match=TOLD):
        method, simulation = asked(
            monkeypatch, "--config", "rim", "--simulation.grain", "0.25", "--method.consistent=1"
        )
    assert method.consistency_steps == 1 and simulation.image_noise == 0.25 and simulation.hide_noise_level == 0.1


def old_config(path):
    config = yaml.safe_load((CONFIGS / "rim.yaml").read_text())
    for inside in ("method_arguments", "simulation"):
        config[inside] = formerly(config[inside])
    path.write_text(yaml.safe_dump(config))
    return str(path)


def test_a_config_of_before_goes_with_a_command_line_of_now(monkeypatch, tmp_path):
    path = old_config(tmp_path / "old.yaml")
    with pytest.warns(Note, match=TOLD):
        method, simulation = asked(monkeypatch, "--config", path, "--method.consistency_steps", "1")
    assert method.consistency_steps == 1 and simulation.hide_noise_level == 0.1


@pytest.mark.filterwarnings("ignore:.*LeafSpec", "ignore::DeprecationWarning")  # of Lightning
def test_a_training_begun_before_goes_on(tmp_path, monkeypatch):
    pytest.importorskip("lightning")
    monkeypatch.chdir(tmp_path)
    np.save("images.npy", np.random.default_rng(0).random((3, 40, 36)).astype(np.complex64))
    small = "--data images.npy --validation images.npy --phantoms 0 --method.features 4 --method.iterations 2"
    small += " --simulation.crop [16,20] --precision float32 --every 1 -o out --updates"
    with pytest.warns(Note, match=TOLD):
        execute(["train", "--config", old_config(tmp_path / "old.yaml"), *small.split(), "1"])
    assert "silent" in (tmp_path / "out" / SETTINGS).read_text()
    execute(["train", "--config", "rim", *small.split(), "2"])
    card = cards.read(tmp_path / "out" / "weights.safetensors")
    assert torch.load("out/last.ckpt", weights_only=True)["global_step"] == 2
    assert card["arguments"]["consistency_steps"] == 4
    with pytest.raises(UserError, match="another simulation"):
        execute(["train", "--config", "rim", *small.split(), "2", "--simulation.hide_noise_level", "0.9"])
