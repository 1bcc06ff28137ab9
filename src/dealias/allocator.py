"""Memory: blocks that stay with the process, and one line where there is not enough.

Fresh pages from the system cost a training step a tenth of its time.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dealias.errors import UserError

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # glibc's malloc.h
LARGE = 2**31 - 1


def keep_freed_blocks() -> None:
    """Ask glibc not to return freed blocks to the system; does nothing where there is no glibc."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, LARGE)
        mallopt(TRIM_THRESHOLD, LARGE)


@contextmanager
def explain_out_of_memory(what: str = "") -> Iterator[None]:
    """Say in one line that memory ran out, whoever noticed: Python, NumPy, PyTorch, or the GPU.

    Arguments:
        what: was worked on; the line begins with it.

    Raises:
        UserError: with the remedy.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        words = str(error).lower()  # PyTorch, whose class it may be, must not be imported for help
        graphics = "out of memory" in words
        short = any(part in words for part in ("can't allocate memory", "not enough memory", "bad_alloc"))
        if not (graphics or short or isinstance(error, MemoryError)):
            raise
        start = f"{what}: " if what else ""
        place = "the GPU's memory" if graphics else "memory"
        elsewhere = "--device cpu" if graphics else "a machine with more"
        raise UserError(f"{start}does not fit into {place}; use a smaller --batch, or {elsewhere}") from error
