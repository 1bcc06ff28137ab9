"""Readers that crash, hang or grow take a child process with them, and nothing else."""

import os
import signal
import time

import numpy as np
import pytest

from dealias.files import child_process
from dealias.files.child_process import ReaderError, call

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and limits as POSIX has them")

LARGE = 2**31


def ask(function, *arguments, seconds=20.0, size=LARGE):
    return call(function, *arguments, seconds=seconds, size=size)


def test_numbers_come_back_as_they_are():
    for value in (np.arange(6.0).reshape(2, 3), np.ones(3, np.complex64), np.float32(2), np.zeros((0, 4))):
        found = ask("copy.copy", value)
        assert found.dtype == value.dtype and np.array_equal(found, value)
    found = ask("numpy.zeros", 2**20)
    assert found.shape == (2**20,) and found.flags.writeable


def test_what_a_reader_complains_of():
    with pytest.raises(ReaderError, match="No such file") as caught:
        ask("os.stat", "/nowhere")
    assert caught.value.kind == "FileNotFoundError"


@pytest.mark.parametrize("crash", [("os.abort",), ("os._exit", 3), ("ctypes.string_at", 1)])
def test_a_crash_costs_one_line_and_the_next_call_works(crash):
    with pytest.raises(ReaderError, match="its reader crashed"):
        ask(*crash)
    assert ask("operator.add", 1, 2) == 3


def test_a_reader_that_never_returns_is_ended():
    start = time.monotonic()
    with pytest.raises(ReaderError, match="did not end within 1 s"):
        ask("builtins.exec", "while True: pass", seconds=1)
    assert time.monotonic() - start < 30
    assert ask("operator.add", 1, 2) == 3


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the system does not say how much memory is used")
def test_a_reader_that_grows_is_refused_memory():
    with pytest.raises(MemoryError):
        ask("numpy.ones", 2**28, size=2**28)
    assert ask("numpy.ones", 2**20, size=2**28).sum() == 2**20


def test_it_writes_no_file(tmp_path):
    with pytest.raises(ReaderError, match="File too large"):
        ask("builtins.exec", f"with open({str(tmp_path / 'a')!r}, 'w') as file: file.write('a')")


def test_a_process_that_was_forked_has_a_reader_of_its_own():
    process = ask("os.getpid")
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(write, str(ask("os.getpid")).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(read, 32)) != process == ask("os.getpid")


def test_an_interrupt_leaves_no_answer_behind(monkeypatch):
    def interrupted(stream):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(child_process, "receive", interrupted)
        ask("operator.add", 1, 2)
    assert ask("operator.add", 2, 3) == 5


def test_the_child_leaves_interrupts_to_us():
    process = ask("os.getpid")
    os.kill(process, signal.SIGINT)
    assert ask("os.getpid") == process
