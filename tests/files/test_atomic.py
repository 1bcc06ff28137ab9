"""Pairs of files that a kill leaves in the middle: they heal at the rerun, and no header meets other data."""

import os
import subprocess
import sys

import pytest
import torch

import dealias
from dealias.files.atomic import MACHINE, sweep
from dealias.files.images import stored_images
from dealias.phantoms import head

KILLED = """
import os, signal, sys, torch
import dealias
import dealias.files.atomic as atomic
moves, usual = [], atomic._move
def dying(temporary, path, overwrite):
    if len(moves) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    moves.append(path)
    usual(temporary, path, overwrite)
atomic._move = dying
dealias.write(sys.argv[1], torch.full((1, 20, 24), 2 + 1j), phase=sys.argv[1].endswith("gz"), overwrite=True)
"""
PAIRS = [("a.cfl", ["a.cfl", "a.hdr"]), ("a.nii.gz", ["a.nii.gz", "a_phase.nii.gz"])]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere nobody asks whether a process lives")
@pytest.mark.parametrize("moved", [0, 1], ids=["before", "between"])
@pytest.mark.parametrize("there", [False, True], ids=["new", "old"])
@pytest.mark.parametrize(("name", "names"), PAIRS)
def test_a_pair_heals(name, names, there, moved, tmp_path):
    if name.endswith("gz"):
        pytest.importorskip("nibabel")
    path = tmp_path / name
    old = head((16, 18)).abs()[None].to(torch.complex64)
    if there:
        dealias.write(path, old, phase=name.endswith("gz"))
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), str(moved)])
    assert killed.returncode < 0
    assert not path.exists(), "the data come last, and old ones meet no new header"
    sweep(tmp_path)
    assert not list(tmp_path.iterdir()), "what the killed one had placed goes"
    dealias.write(path, old, phase=name.endswith("gz"))
    assert sorted(file.name for file in tmp_path.iterdir()) == names
    assert stored_images(path).shape[-2:] == (16, 18)


def test_files_that_are_in_place_stay(tmp_path):
    """Killed when both had their names, but the others were not yet removed."""
    dealias.write(tmp_path / "a.cfl", head((16, 18))[None])
    prefix = f".{MACHINE}.999999999.0123abcd.part."
    for name in ("a.cfl", "a.hdr"):
        os.link(tmp_path / name, tmp_path / (prefix + name))
    sweep(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.cfl", "a.hdr"]
