"""One training in a folder at a time: two would write over each other's checkpoints."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dealias.errors import UserError

LOCK = ".lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder; the system lets go of it however we end.

    Raises:
        UserError: where another training holds it, or the folder cannot be written.
    """
    if "LOCAL_RANK" in os.environ:  # a further process of the training that holds it
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror}); choose another folder") from None
    try:
        if not _locked(descriptor):
            raise UserError(f"{folder}: another training is writing it; wait for it, or choose another folder")
        yield
    finally:
        os.close(descriptor)


def check_free(folder: Path) -> None:
    """Raise where another training holds a folder: before anything is read."""
    if (folder / LOCK).exists():
        with alone(folder):
            pass


def _locked(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: nobody is told
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
