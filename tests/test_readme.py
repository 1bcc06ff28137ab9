"""The README's Python runs as it stands, and the commands that it shows exist."""

import re
from pathlib import Path

import pytest
import torch

import dealias
from dealias import find
from dealias.__main__ import parser
from dealias.phantoms import head

TEXT = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.fixture
def scan(tmp_path, monkeypatch):
    """A folder with what the examples open, and the arrays that they take."""
    monkeypatch.chdir(tmp_path)
    image = head((256, 256))
    full = dealias.Acquisition.simulate(image[None], torch.ones(256, 256))
    mask = dealias.sampling.gaussian((256, 256), 4, generator=torch.Generator().manual_seed(0))
    dealias.write("knee.h5", full.sampled(mask))
    return {"kspace": full.centred_kspace.numpy(), "mask": None, "maps": None}


def test_python_examples_run(scan):
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    assert len(blocks) >= 2
    names = dict(scan)
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert Path("knee_rim.h5").exists()
    image = dealias.reconstruct(names["Landweber"](), names["fast"])
    assert torch.isfinite(image).all() and image.abs().max() > 0


def test_shell_examples_are_commands():
    lines = re.findall(r"^dealias (\w+)(.*)$", TEXT, re.M)
    assert {name for name, _ in lines} >= set(find.names("commands")) - {"demo"}
    for name, rest in lines:
        module = __import__(f"dealias.commands.{name}", fromlist=["run"])
        words = re.sub(r"\s{2,}#.*", "", rest).split()
        for option in (word for word in words if word.startswith("--") and "." not in word):
            assert f"{option}" in _options(parser(name, module.run)), f"dealias {name} {option}"


def _options(made):
    return {option for action in made._actions for option in action.option_strings}


def test_nothing_is_left_to_fill_in():
    assert not re.findall(r"^[A-Z]{4,}$", TEXT, re.M)


def test_every_method_is_in_the_table():
    for name in find.names("methods"):
        assert f"| `{name}` |" in TEXT
