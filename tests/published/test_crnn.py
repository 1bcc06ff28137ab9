"""Weights of others: those that are known load, and no other file is believed or run."""

import os

import pytest
import torch

import dealias
from dealias.__main__ import execute
from dealias.errors import UserError
from dealias.methods.crnn import CRNN
from dealias.published.crnn import CRNN_NAMES


def theirs(features=3):
    """A state dict as the authors' class writes it."""
    shapes = {}
    for name in (name for names in CRNN_NAMES.values() for name in names):
        outputs, inputs = 2 if "conv4" in name else features, 2 if "i2h" in name and "ih2ih" not in name else features
        shapes[name] = (outputs, inputs, 3, 3) if name.endswith("weight") else (outputs,)
    return {name: torch.randn(shape) for name, shape in shapes.items()}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.pth"


def test_features_are_those_of_the_file(path):
    torch.save(theirs(5), path)
    method = dealias.load(path, iterations=2)
    assert isinstance(method, CRNN) and not method.training
    assert (method.iterations, method.outwards.in_channels, method.authors_conventions) == (2, 5, True)


def test_arguments_that_the_file_decides(path):
    torch.save(theirs(5), path)
    for name in ("features", "motion", "cell", "channels", "authors_conventions"):
        with pytest.raises(UserError, match=f"decide '{name}'"):
            dealias.load(path, **{name: 1})


def test_what_the_file_is(path, capsys):
    torch.save(theirs(5), path)
    execute(["info", str(path)])
    printed = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert (printed["method"], printed["features"], printed["iterations"]) == ("CRNN", "5", "5")


class Harmful:
    def __reduce__(self):
        return os.abort, ()


@pytest.mark.parametrize(
    "content",
    [
        {},
        [1, 2],
        Harmful(),
        {"state_dict": theirs()},
        {**theirs(), "more": torch.zeros(1)},
        {**theirs(), "conv1_x.weight": torch.zeros(3, 3, 5, 5)},
        {**theirs(), "conv4_x.weight": torch.zeros(0)},
        {**theirs(), "conv1_h.bias": torch.zeros(7)},
        {**theirs(), "conv1_h.bias": None},
        {**theirs(), "conv1_h.bias": Harmful()},
    ],
)
def test_something_else(content, path):
    torch.save(content, path)
    with pytest.raises(UserError, match="not the weights of CRNN-MRI") as caught:
        dealias.load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04 broken", b"\x80\x02."])
def test_no_file_of_pytorch(content, path):
    path.write_bytes(content)
    with pytest.raises(UserError, match="not the weights of CRNN-MRI"):
        dealias.load(str(path))


def test_no_file(path, monkeypatch):
    with pytest.raises(UserError, match="no such file"):
        dealias.load(path)
    monkeypatch.chdir(path.parent)
    with pytest.raises(UserError, match="no such file"):
        dealias.load(path.name)


def test_a_folder(path):
    path.mkdir()
    with pytest.raises(UserError, match="not the weights of CRNN-MRI"):
        dealias.load(path)
