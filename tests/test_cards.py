"""Weights with their card: what is written comes back, and nothing else is believed."""

import json
import os

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import dealias
from dealias import cards
from dealias.errors import UserError
from dealias.methods.rim import RIM


def small():
    torch.manual_seed(3)
    return RIM(features=4, iterations=2)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "small.safetensors"
    cards.save(path, small(), {"data": "phantoms", "seed": 3})
    return path


def test_round_trip(saved):
    loaded = dealias.load(saved)
    assert isinstance(loaded, RIM) and not loaded.training and loaded.iterations == 2
    for name, value in small().state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)
    card = cards.read(saved)
    assert card["method"] == "dealias.methods.rim.RIM" and card["seed"] == 3
    assert card["arguments"]["features"] == 4
    assert dealias.load(str(saved), iterations=5).iterations == 5


def test_an_existing_file_stays(saved):
    before = saved.read_bytes()
    with pytest.raises(UserError, match="--overwrite"):
        cards.save(saved, small())
    assert saved.read_bytes() == before
    cards.save(saved, small(), overwrite=True)
    assert [path.name for path in saved.parent.iterdir()] == ["small.safetensors"]


def broken(path, card):
    save_file({"x": torch.zeros(2)}, path, metadata=None if card is None else {"card": card})


@pytest.mark.parametrize(
    ("card", "text"),
    [
        (None, "not a weight file"),
        ("{", "not a weight file"),
        ("[]", "not a weight file"),
        ("{}", "not a weight file"),
        ('{"method": "dealias.methods.rim.RIM"}', "not a weight file"),
        ('{"method": 3, "arguments": {}}', "not a weight file"),
        ('{"method": "os.system", "arguments": {}}', "not a method"),
        ('{"method": "dealias.Method", "arguments": {}}', "not a method"),
        ('{"method": "no.such.Class", "arguments": {}}', "no.such.Class@FILE"),
        ('{"method": "dealias.methods.rim.RIM", "arguments": {"width": 4}}', "no argument 'width'"),
        ('{"method": "dealias.methods.rim.RIM", "arguments": {"features": "x"}}', "features"),
        ('{"method": "dealias.methods.rim.RIM", "arguments": {}}', "do not fit"),
    ],
)
def test_a_card_that_is_none(card, text, tmp_path):
    path = tmp_path / "broken.safetensors"
    broken(path, card)
    with pytest.raises(UserError, match=text) as caught:
        dealias.load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_weights_that_do_not_fit(saved):
    with pytest.raises(UserError, match="do not fit"):
        dealias.load(saved, features=8)


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_truncated(saved, keep):
    saved.write_bytes(saved.read_bytes()[:keep])
    with pytest.raises(UserError, match="not a weight file"):
        dealias.load(saved)


def test_no_file_a_folder_another_format(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        dealias.load(tmp_path / "none.safetensors")
    with pytest.raises(UserError, match="not a weight file"):
        dealias.load(str(tmp_path) + "/")
    torch.save({}, tmp_path / "weights.pt")
    with pytest.raises(UserError, match="not the weights of CRNN-MRI, nor of fastMRI's VarNet; give a"):
        dealias.load(str(tmp_path / "weights.pt"))


def test_never_random_numbers():
    with pytest.raises(UserError, match="parameters"):
        dealias.load("dealias.methods.rim.RIM")


@pytest.mark.parametrize(("name", "text"), [("wavelt", "did you mean wavelet"), ("", "unknown"), ("a.b", "imported")])
def test_unknown_names(name, text):
    with pytest.raises(UserError, match=text):
        dealias.load(name)


def test_arguments_of_a_method_without_weights():
    assert dealias.load("wavelet", iterations=3).iterations == 3
    with pytest.raises(UserError, match="did you mean iterations"):
        dealias.load("wavelet", itertions=3)
    with pytest.raises(UserError, match="a whole number"):
        dealias.load("wavelet", iterations="many")
    with pytest.raises(UserError, match="it takes none"):
        dealias.load("zero_filled", iterations=3)


@pytest.mark.parametrize("device", ["cuda", "cuda:7", "gpu", "meta", "cuda:x"])
def test_devices_that_are_not_there(device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(UserError, match="device") as caught:
        dealias.load("zero_filled", device=device)
    assert "cpu" in str(caught.value)


def test_a_card_is_text_that_anyone_can_read(saved):
    start = saved.read_bytes()
    header = json.loads(start[8 : 8 + int.from_bytes(start[:8], "little")])
    assert json.loads(header["__metadata__"]["card"])["data"] == "phantoms"


def test_loading_imports_nothing_that_a_card_names(tmp_path, monkeypatch):
    """A stranger's file beside a stranger's module: neither is run."""
    (tmp_path / "stranger.py").write_text("raise SystemExit('code ran')")
    monkeypatch.syspath_prepend(str(tmp_path))
    card = json.dumps({"method": "stranger.Method", "arguments": {}})
    save_file({"weight": torch.zeros(1)}, tmp_path / "stranger.safetensors", metadata={"card": card})
    with pytest.raises(UserError, match=r"stranger.*write stranger.Method@FILE"):
        cards.load(str(tmp_path / "stranger.safetensors"))


def test_others_may_read_weights(saved):
    mask = os.umask(0)
    os.umask(mask)
    assert saved.stat().st_mode & 0o777 == 0o666 & ~mask


def test_weights_of_another_kind_than_was_named_are_refused():
    with pytest.raises(UserError, match="holds weights of RIM, not of wavelet; leave 'wavelet@' out"):
        dealias.load(f"wavelet@{cards.path_of('rim')}")
    assert isinstance(dealias.load(f"rim@{cards.path_of('rim')}"), dealias.Method)


def rewritten(path, change, tensors=dict):
    """A copy of the shipped weights of the complex RIM with another card or other numbers."""
    source = cards.path_of("complex_rim")
    with safe_open(source, framework="pt") as file:
        card = json.loads(file.metadata()["card"])
    text = change(card)
    save_file(tensors(load_file(source)), path, {"card": text if isinstance(text, str) else json.dumps(card)})
    return path


@pytest.mark.parametrize(
    "change, text",
    [
        (lambda card: "[" * 100_000, "not a weight file of dealias"),
        (lambda card: '{"method": ' + "1" * 2**21 + "}", "not a weight file of dealias"),
        (lambda card: card["arguments"].update(features=10**9), "its card asks for features = 1000000000"),
        (lambda card: card["arguments"].update(features=9999), "its weights do not fit"),
    ],
)
def test_a_card_that_asks_for_too_much(tmp_path, change, text):
    with pytest.raises(UserError, match=f"a.safetensors: {text}"):
        cards.load(rewritten(tmp_path / "a.safetensors", change))


def test_weights_that_are_not_finite_are_refused(tmp_path):
    def broken(values):
        next(iter(values.values())).view(-1)[0] = float("nan")
        return values

    with pytest.raises(UserError, match="holds weights that are NaN or infinite"):
        cards.load(rewritten(tmp_path / "a.safetensors", lambda card: None, broken))


def test_what_is_added_to_a_card_leaves_the_rest(saved):
    before = cards.read(saved)
    cards.annotate(saved, usual_errors=[[-1.0, 0.5]] * 3)
    assert cards.read(saved) == before | {"usual_errors": [[-1.0, 0.5]] * 3}
    method = cards.load(saved)
    assert method.usual_errors == ((-1.0, 0.5),) * 3


@pytest.mark.parametrize("value", ["much", [["a", "b"]], [[1.0]], [[1e999, 0.0]], 7])
def test_usual_errors_that_make_no_sense_are_left_aside(saved, value):
    cards.annotate(saved, usual_errors=value)
    assert cards.load(saved).usual_errors == ()
