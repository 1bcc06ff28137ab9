"""The command line as a process: exit codes, streams, and how fast help comes."""

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
import torch

import dealias.__main__ as command_line
from dealias import find
from dealias.__main__ import execute
from dealias.errors import Note, UserError


def started(*words, cwd=None, code=None):
    program = ["-c", code] if code else ["-m", "dealias", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *program], capture_output=True, text=True, cwd=cwd, env=environment, timeout=120
    )


def test_help_and_the_package_load_nothing_slow():
    code = """
import sys
import dealias
slow = {"torch", "numpy", "scipy", "matplotlib", "h5py", "lightning", "safetensors"}
assert not slow & sys.modules.keys(), slow & sys.modules.keys()
from dealias import find
from dealias.__main__ import execute
for name in find.names("commands"):
    execute([name, "--help"])
execute([])
execute(["--version"])
assert not slow & sys.modules.keys(), slow & sys.modules.keys()
"""
    done = started(code=code)
    assert done.returncode == 0 and done.stderr == ""
    assert "dealias reconstruct INPUT -o OUTPUT [options]" in done.stdout


@pytest.mark.parametrize("name", find.names("commands"))
def test_help_explains_every_option(name, capsys):
    execute([name, "-h"])
    out = capsys.readouterr().out
    assert "None" not in out and "class '" not in out and "_arguments" not in out and "from_" not in out
    assert max(map(len, out.splitlines())) <= 120
    for line in out.splitlines()[4:]:
        assert len(line.split("  ", 2)) > 1, line


def test_done_mistakes_and_notes(tmp_path):
    with h5py.File(tmp_path / "empty.h5", "w") as file:
        file["kspace"] = np.zeros((1, 8, 8), np.complex64)
    done = started("reconstruct", "empty.h5", "-o", "out.h5", "--method", "zero_filled", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "dealias: the mask samples nothing: every image will be zero\n"
    with h5py.File(tmp_path / "out.h5") as file:
        assert "--method zero_filled" in file.attrs["command"] and not file["reconstruction"][()].any()
    again = started("reconstruct", "empty.h5", "-o", "out.h5", "--method", "zero_filled", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.count("\n") == 1 and again.stderr.startswith("dealias: out.h5: exists already")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.h5", "out.h5"]


def test_a_pipe_that_closes_is_no_error():
    line = f"{sys.executable} -m dealias --help | true"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""


@pytest.fixture
def arguments(monkeypatch):
    def give(*words):
        monkeypatch.setattr(sys, "argv", ["dealias", *words])
        monkeypatch.setattr(command_line.warnings, "showwarning", command_line.warnings.showwarning)

    return give


def raising(error):
    def run(*_):
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (UserError("wrong; right"), 2, "dealias: wrong; right\n"),
        (KeyboardInterrupt(), 130, "dealias: interrupted; finished results stay\n"),
    ],
)
def test_exit_codes(error, code, text, arguments, monkeypatch, capsys):
    arguments("methods")
    monkeypatch.setattr(command_line, "execute", raising(error))
    assert command_line.main() == code
    assert capsys.readouterr().err == text


def test_a_bug_keeps_its_traceback(arguments, monkeypatch):
    arguments("methods")
    monkeypatch.setattr(command_line, "execute", raising(RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        command_line.main()


def test_every_note_is_one_line(arguments, monkeypatch, capsys):
    def noting(_):
        for _ in range(2):
            command_line.warnings.warn(Note("an odd thing"), stacklevel=1)

    arguments("methods")
    monkeypatch.setattr(command_line, "execute", noting)
    with command_line.warnings.catch_warnings():
        assert command_line.main() == 0
    assert capsys.readouterr().err == "dealias: an odd thing\n" * 2


def test_interrupted_between_two_files(tmp_path, arguments, monkeypatch, capsys):
    (tmp_path / "in").mkdir()
    for name in "ab":
        np.save(tmp_path / "in" / f"{name}.npy", np.ones((8, 8), np.complex64))
    arguments("reconstruct", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--method", "zero_filled")
    fft, calls = torch.fft.ifft2, []

    def interrupting(*values, **others):
        calls.append(1)
        if len(list((tmp_path / "out").glob("a.h5"))):
            raise KeyboardInterrupt
        return fft(*values, **others)

    monkeypatch.setattr(torch.fft, "ifft2", interrupting)
    assert command_line.main() == 130
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.h5"]


def test_methods_lists_what_there_is(capsys):
    execute(["methods"])
    out = capsys.readouterr().out
    for room, kind in (("methods", "method"), ("sampling", "mask")):
        for name in find.names(room):
            assert f"{kind} {name}: " in out
    assert "--method.regularisation" in out and "--mask.lines" in out and "--mask.generator" not in out


def test_demo_spares_what_is_no_picture(tmp_path):
    precious = tmp_path / "kspace.npy"
    precious.write_bytes(b"precious")
    for output, text in ((precious, "exists and is no picture"), (precious / "x.png", "cannot be written")):
        with pytest.raises(UserError, match=text):
            execute(["demo", "-o", str(output)])
    with pytest.raises(UserError, match="is a PNG; name it so"):
        execute(["demo", "-o", str(tmp_path / "demo.xyz")])
    assert precious.read_bytes() == b"precious"
