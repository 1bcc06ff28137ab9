"""The child process that reads what third-party C code parses: HDF5 and MATLAB files.

A damaged file can crash that code, or never let it return: then this process dies alone. It is `python -m` of this
module, answers one request at a time, and imports nothing slow. While a file is open it can open no other, nor write
any: the system itself refuses, whatever the file says.
"""

import codecs
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from dealias.files.messages import receive, send

LATER = ("ascii", "latin-1", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32")  # Python loads codecs when needed


def main() -> None:
    """Answer requests (function, arguments, seconds, bytes) from standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is our parent's to handle
    source, target = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)  # what libraries print must not get between the messages
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
    _limit("RLIMIT_CORE", 0)
    _limit("RLIMIT_FSIZE", 0)
    with suppress(EOFError, BrokenPipeError):
        while True:
            _answer(source, target)


def _answer(source: BinaryIO, target: BinaryIO) -> None:
    name, arguments, seconds, size = receive(source)
    with _within(seconds, size):
        try:
            module, _, function = name.rpartition(".")
            __import__(module)
            answer: Any = (None, getattr(sys.modules[module], function)(*arguments))
        except MemoryError:
            answer = ("MemoryError", "")
        except Exception as error:
            number = getattr(error, "errno", None)
            answer = (type(error).__name__, f"{error}" if number is None else f"[Errno {number}] {error}")
    send(target, answer)


@contextmanager
def sealed() -> Iterator[None]:
    """Let the system refuse to open any further file."""
    try:
        import resource
    except ImportError:  # where there is no such limit
        yield
        return
    for name in LATER:
        codecs.lookup(name)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)  # the lowest number that a new file could have
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@contextmanager
def _within(seconds: float, size: int) -> Iterator[None]:
    """Limit the time of the processor that a request may take, whose end is ours, and the memory that it may add."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)
    unlimited = _limit("RLIMIT_AS", _pages() + size) if _pages() else None
    try:
        yield
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, 0)
        if unlimited is not None:
            _limit("RLIMIT_AS", unlimited)


def _limit(name: str, value: int) -> int | None:
    """Set a limit of this process, and return what it was."""
    try:
        import resource
    except ImportError:
        return None
    kind = getattr(resource, name)
    soft, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY and (value > hard or value == resource.RLIM_INFINITY):
        value = hard
    resource.setrlimit(kind, (value, hard))
    return soft


def _pages() -> int:
    """Return the bytes of addresses that this process has; 0 where the system does not say."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


if __name__ == "__main__":
    main()
