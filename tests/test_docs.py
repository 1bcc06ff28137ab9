"""What the pages under docs/ show runs as it stands."""

import importlib
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import dealias
from dealias import find
from dealias.__main__ import parser
from dealias.phantoms import head

DOCS = Path(__file__).parents[1] / "docs"
COMING = (DOCS / "coming_from.md").read_text()


@pytest.fixture
def ksp():
    generator = torch.Generator().manual_seed(0)
    maps = dealias.coils.simulate((96, 80), 4, generator=generator)
    mask = dealias.sampling.gaussian((96, 80), 2, generator=generator, centre=0.3)
    scan = dealias.Acquisition.simulate(head((96, 80)), mask, maps, 1e-3, generator=generator)
    return scan.centred_kspace.numpy()


def test_python_of_those_who_come_from_elsewhere(ksp):
    (block,) = re.findall(r"```python\n(.*?)```", COMING, re.S)
    names = {"ksp": ksp}
    exec(compile(block, "coming_from.md", "exec"), names)
    assert names["array"].shape == (96, 80) and abs(names["array"]).max() > 0


def test_python_names_in_the_tables_exist():
    for path in re.findall(r"`dealias\.([\w.]+)", COMING):
        found = dealias
        for part in path.split("."):
            try:
                found = getattr(found, part)
            except AttributeError:
                found = importlib.import_module(f"{found.__name__}.{part}")
    for name in re.findall(r'reconstruct\("(\w+)"', COMING):
        find.method(name)


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_commands_have_the_options_that_a_page_gives_them(page):
    for name, rest in re.findall(r"(?:^|`)dealias (\w+)([^`\n]*)", page.read_text(), re.M):
        made = parser(name, importlib.import_module(f"dealias.commands.{name}").run)
        known = {option.removesuffix("_") for action in made._actions for option in action.option_strings}
        words = re.sub(r"\s{2,}#.*", "", rest).split()
        for word in (word for word in words if word.startswith("-") and "." not in word):
            assert word in known, f"dealias {name} {word}"
        for option, kind in (("--method", find.method), ("--mask", find.mask)):
            if option in words and "." not in (value := words[words.index(option) + 1]):
                kind(value)


def test_the_example_package_passes_its_own_tests():
    example = DOCS / "example"
    environment = {"PYTHONPATH": str(example / "src"), "PATH": "", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(example)]
    result = subprocess.run([*command, str(example / "tests")], env=environment, capture_output=True, text=True)
    assert result.returncode == 0 and "3 passed" in result.stdout, result.stdout + result.stderr


def test_the_page_of_methods_is_what_the_code_says(capsys):
    runpy.run_path(str(DOCS / "methods.py"), run_name="__main__")
    assert (DOCS / "methods.md").read_text() == capsys.readouterr().out, "run `make docs`"
