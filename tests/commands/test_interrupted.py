"""Killed, interrupted, out of disk or memory, or not alone: nothing is half-written, and the next run goes on.

Each is a child of this one, as `dealias ...` would be, without the seconds that importing torch takes.
"""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import traceback
import warnings

import h5py
import numpy as np
import pytest
import torch

import dealias
import dealias.evaluation.report
import dealias.files.formats.fastmri
from dealias import allocator
from dealias.__main__ import execute, main
from dealias.errors import Note, UserError
from dealias.files.atomic import MACHINE, atomic, sweep
from dealias.phantoms import head

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and limits as POSIX has them")


class Slow(dealias.Method):
    """Zero-filling that takes its time."""

    iterations = 1

    def estimates(self, problem):
        time.sleep(0.05)
        yield problem.zero_filled


SLOW = f"{__name__}.Slow"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with six scans."""
    folder = tmp_path_factory.mktemp("data")
    scan = dealias.Acquisition.simulate(head((32, 32))[None], torch.ones(32))
    for name in "abcdef":
        dealias.write(folder / f"{name}.h5", scan)
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch, data):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(data, "in")
    return tmp_path


def begun(log, *words, before=lambda: None):
    """Start a process that runs a command, writes to `log`, and first does what `before` says; return its number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking where threads may be
        process = os.fork()
    if process:
        return process
    code = 99
    try:
        out = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        os.dup2(out, 1), os.dup2(out, 2)
        sys.stdout, sys.stderr = (open(number, "w", buffering=1, closefd=False) for number in (1, 2))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["dealias", *map(str, words)]
        before()
        code = main()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def ended(process):
    """Wait for a process; return its exit code, minus the signal where one killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def run(log, *words, before=lambda: None):
    return ended(begun(log, *words, before=before))


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def results(folder):
    """Every result, checked to be whole; hidden files too."""
    names = sorted(path.name for path in folder.iterdir())
    for name in names:
        if not name.startswith("."):
            with h5py.File(folder / name) as file:
                assert file["image"].shape == (1, 32, 32) and np.isfinite(file["reconstruction"][()]).all()
    return names


def test_killed_interrupted_and_done(here):
    out, words = here / "out", ("reconstruct", "in", "-o", "out", "--method", SLOW)
    process = begun("log", *words)
    wait_for(lambda: (out / "a.h5").exists())
    os.kill(process, signal.SIGKILL)
    assert ended(process) == -signal.SIGKILL
    first = results(out)
    assert "a.h5" in first and "f.h5" not in first
    process = begun("log", *words)
    wait_for(lambda: len(list(out.glob("[a-z]*.h5"))) > len(first))
    os.kill(process, signal.SIGINT)
    assert ended(process) == 130
    text = (here / "log").read_text()
    assert text.endswith("dealias: interrupted; finished results stay\n") and "Traceback" not in text
    assert len(results(out)) < 6
    assert run("log", *words) == 0
    assert results(out) == [f"{name}.h5" for name in "abcdef"]


def test_killed_in_the_middle_of_a_file(here):
    def dies():
        def half(path, *_):
            path.write_bytes(b"half a file")
            os.kill(os.getpid(), signal.SIGKILL)

        dealias.files.formats.fastmri.write = half

    words = ("reconstruct", "in", "-o", "out", "--method", "zero_filled")
    assert run("log", *words, before=dies) == -signal.SIGKILL
    (left,) = (here / "out").iterdir()
    assert left.name.startswith(".") and left.read_bytes() == b"half a file"
    # neither a result nor an input
    assert run("log", "reconstruct", "out", "-o", "again", "--method", "zero_filled") == 2
    assert "holds no file of a known format" in (here / "log").read_text()
    assert run("log", *words) == 0
    assert results(here / "out") == [f"{name}.h5" for name in "abcdef"]
    assert run("log", *words[:1], "in/a.h5", "-o", "one.h5", *words[4:], before=dies) == -signal.SIGKILL
    assert run("log", *words[:1], "in/a.h5", "-o", "one.h5", *words[4:]) == 0
    assert not list(here.glob(".*"))


def test_what_others_are_writing_is_not_swept(tmp_path):
    with atomic(tmp_path / "a.h5") as temporary:
        temporary.write_bytes(b"a living process")
        sweep(tmp_path)
        assert temporary.exists()
    (tmp_path / ".00000000.1.00000000.part.b.h5").touch()  # of another machine
    (tmp_path / f".{MACHINE}.txt.part.mine").touch()  # not ours at all
    sweep(tmp_path, deep=True)
    assert len(list(tmp_path.iterdir())) == 3


def test_two_processes_on_one_folder(here):
    words = ("reconstruct", "in", "-o", "out", "--method", SLOW)
    processes = [begun(f"log{number}", *words) for number in range(2)]
    assert [ended(process) for process in processes] == [0, 0]
    assert results(here / "out") == [f"{name}.h5" for name in "abcdef"]
    logs = [(here / f"log{number}").read_text() for number in range(2)]
    made = [int(log.splitlines()[-1].split()[1]) for log in logs]  # "dealias: 4 of 6 reconstructed, 2 skipped"
    assert sum(made) == 6 and not any("Traceback" in log or "failed" in log for log in logs)


def test_a_file_that_appears_meanwhile_is_neither_lost_nor_an_error(here, monkeypatch, capsys):
    work = dealias.files.formats.fastmri.write

    def overtaken(path, *rest):
        work(path, *rest)
        name = path.name.partition(".part.")[2]
        if name == "b.h5":
            (path.parent / name).write_bytes(b"another's")

    monkeypatch.setattr(dealias.files.formats.fastmri, "write", overtaken)
    execute("reconstruct in -o out --method zero_filled".split())
    err = capsys.readouterr().err
    assert "out/b.h5: another process finished it, skipped\n" in err
    assert err.endswith("5 of 6 reconstructed, 1 skipped\n")
    assert (here / "out/b.h5").read_bytes() == b"another's"
    assert len(list((here / "out").iterdir())) == 6


def test_a_full_disk(here):
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))

    for extension in ("h5", "npy", "png"):
        words = ("reconstruct", "in", "-o", f"out_{extension}", "--method", "zero_filled", "--format", extension)
        if extension == "png":
            np.save(here / "in/a.npy", np.random.default_rng(0).normal(size=(90, 90)) + 0j)
            words = ("reconstruct", "in/a.npy", "-o", "out_png/a.png", "--method", "zero_filled")
        assert run("log", *words, before=limited) == 2
        text = (here / "log").read_text()
        assert "no space left on the disk" in text and "Traceback" not in text, text
        assert not list((here / f"out_{extension}").iterdir())
        (here / "log").unlink()
        assert run("log", *words) == 0


@pytest.mark.parametrize("kind", ["mp4", "gif", "nii.gz", "mat", "cfl", "npy --film"])
def test_no_library_shows_its_traceback_where_the_disk_is_full(here, kind):
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    noise = torch.randn(6, 48, 48, generator=torch.Generator().manual_seed(0))
    dealias.write("film.h5", dealias.Acquisition.simulate(noise, torch.ones(48), axes="time y x"))
    words = f"reconstruct film.h5 -o out/film.{kind} --method zero_filled".split()
    assert run("log", *words, before=limited) == 2
    text = (here / "log").read_text()
    assert text.startswith("dealias: out/film") and text.count("\n") == 1, text
    assert "there is no space left" in text and ".part." not in text
    assert not list((here / "out").iterdir())


def test_a_disk_that_really_is_full(here):
    disk = here / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    try:
        assert run("log", "reconstruct", "in", "-o", disk, "--method", "zero_filled") == 2
        text = (here / "log").read_text()
        assert "no space left on the disk" in text and "failed: " in text and "Traceback" not in text
        finished = results(disk)
        assert 0 < len(finished) < 6 and not [name for name in finished if name.startswith(".")]
    finally:
        subprocess.run(["umount", disk], check=True)


def test_out_of_memory_is_one_line_and_the_others_are_done(here):
    large = np.zeros((1, 4096, 4096), np.complex64)  # 128 MiB
    large[:, 2040:2056, 2040:2056] = 1
    np.save(here / "in/large.npy", large)

    def limited():
        pages = int(open("/proc/self/statm").read().split()[0])
        limit = pages * resource.getpagesize() + 2**28
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    words = ("--method", "zero_filled")
    assert run("log", "reconstruct", "in", "-o", "out", *words, before=limited) == 2
    lines = (here / "log").read_text().splitlines()
    assert lines[-1] == "dealias: 6 of 7 reconstructed, 1 failed: large.npy"
    (line,) = [line for line in lines[:-1] if "skipped" not in line]
    assert line.startswith("dealias: in/large.npy: ") and "does not fit into memory; " in line
    assert len(results(here / "out")) == 6
    assert run("log", "reconstruct", "in/large.npy", "-o", "large.h5", *words, before=limited) == 2
    assert not (here / "large.h5").exists() and "Traceback" not in (here / "log").read_text()


def allocation():
    return torch.empty(2**60)


@pytest.mark.parametrize(
    ("trouble", "text"),
    [
        (allocation, "a.h5: does not fit into memory; use a smaller --batch"),
        (lambda: np.zeros(2**58), "a.h5: does not fit into memory"),
        (lambda: [0] * 2**60, "a.h5: does not fit into memory"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB"), "the GPU's memory.*--device cpu"),
        (RuntimeError("CUDA error: out of memory"), "the GPU's memory"),
    ],
)
def test_whoever_notices_that_memory_is_out(trouble, text):
    with pytest.raises(UserError, match=text), allocator.explain_out_of_memory("a.h5"):
        if isinstance(trouble, Exception):
            raise trouble
        trouble()


def test_other_errors_stay_what_they_are():
    with pytest.raises(RuntimeError, match="a bug"), allocator.explain_out_of_memory():
        raise RuntimeError("a bug")


def test_a_note_names_its_file_in_a_folder(here, capsys):
    empty = np.zeros((1, 8, 8), np.complex64)
    np.save(here / "in/zero.npy", empty)
    with pytest.warns(Note) as notes:
        execute("reconstruct in -o out --method zero_filled".split())
    assert [str(note.message) for note in notes] == ["in/zero.npy: the mask samples nothing: every image will be zero"]
    assert run("log", "undersample", "in/a.h5", "-o", "fast.h5", "--acceleration", "2") == 0
    (here / "twice").mkdir()
    os.rename("fast.h5", "twice/fast.h5")
    assert run("log", "undersample", "twice", "-o", "faster", "--acceleration", "3", "--seed", "1") == 0
    (line,) = [line for line in (here / "log").read_text().splitlines() if "already" in line]
    assert line.startswith("dealias: twice/fast.h5: was")  # once, though the command says it too


def without_figures():
    dealias.evaluation.report.boxes = lambda *_, **__: None


def test_a_comparison_killed_and_continued(here):
    for name in "def":
        (here / f"in/{name}.h5").unlink()
    words = ["evaluate", "in", "--methods", f"zero_filled,{SLOW}", "--accelerations", "2", "--patterns", "4"]
    process = begun("log", *words, "-o", "cut")
    table = here / "cut/scores.csv"
    wait_for(lambda: table.exists() and table.read_bytes().count(b"\n") > 6)
    assert run("log2", *words, "-o", "cut") == 2
    assert (here / "log2").read_text().count("\n") == 1
    assert "another process is writing to it" in (here / "log2").read_text()
    os.kill(process, signal.SIGKILL)
    assert ended(process) == -signal.SIGKILL
    held = table.read_bytes()
    assert 6 < held.count(b"\n") < 25
    table.write_bytes(held + b"c.h5,0,0,zero_fil")
    assert run("log", *words, "-o", "cut", before=without_figures) == 0
    assert run("log", *words, "-o", "whole", before=without_figures) == 0
    rows = [
        [line.rpartition(",")[0] for line in (here / name / "scores.csv").read_text().splitlines()]
        for name in ("cut", "whole")
    ]  # without the seconds, which come last
    assert rows[0] == rows[1] and len(set(rows[0])) == len(rows[0]) == 1 + 3 * 4 * 2
    assert table.read_bytes().startswith(held)
