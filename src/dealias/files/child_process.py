"""Calls of functions in a child process, whose death or time limit costs one line and one file.

One child serves all calls; it starts with the first and ends with us.
"""

import atexit
import os
import subprocess
import sys
import threading
from typing import Any

from dealias.files.messages import receive, send

MODULE = "dealias.files.reader_process"


class ReaderError(RuntimeError):
    """What a reader in the child complains of; `kind` is the name of its exception."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class _Child:
    """The process and the way to it."""

    def __init__(self) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        environment = {**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE], stdin=pipe, stdout=pipe, bufsize=0, env=environment
        )

    def call(self, *request: Any) -> Any:
        """Return the answer to a request."""
        assert self.process.stdin is not None and self.process.stdout is not None
        send(self.process.stdin, request)  # type: ignore[arg-type]
        return receive(self.process.stdout)  # type: ignore[arg-type]

    def end(self, *, wait: bool = True) -> int:
        """Close the way to it, and end it; without `wait` it is not ours to end."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        if not wait:
            self.process.returncode = 0
            return 0
        self.process.kill()
        return self.process.wait()


_lock = threading.Lock()
_child: _Child | None = None


def call(function: str, *arguments: Any, seconds: float, size: int) -> Any:
    """Return what a function, named with its module, gives in the child.

    Arguments:
        seconds: of the processor's time that it may take.
        size: bytes of memory that it may take beyond those that the child has.

    Raises:
        ReaderError: where it raises, dies, or takes too long.
        MemoryError: where the memory is not enough.
    """
    global _child
    with _lock:
        child = _child = _child or _Child()
        try:
            kind, result = child.call(function, arguments, seconds, size)
        except (EOFError, BrokenPipeError):
            _child = None
            code = child.process.wait(timeout=60)
            child.end()
            raise ReaderError("Died", _death(code, seconds)) from None
        except BaseException:  # such as an interrupt: what the child still says would be taken for the next answer
            _child = None
            child.end()
            raise
    if kind == "MemoryError":
        raise MemoryError
    if kind is not None:
        raise ReaderError(kind, result)
    return result


def _death(code: int, seconds: float) -> str:
    import signal

    if hasattr(signal, "SIGPROF") and code == -signal.SIGPROF:
        return f"its reader did not end within {seconds:.0f} s"
    return f"its reader crashed with code {code}"


def _forget() -> None:
    """Leave the child to our parent: a process that we became by forking needs its own."""
    global _child, _lock
    child, _child, _lock = _child, None, threading.Lock()
    if child is not None:
        child.end(wait=False)


def _end() -> None:
    if _child is not None:
        _child.end()


atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
