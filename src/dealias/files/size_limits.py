"""How large what a file holds may become in memory, asked before it is opened.

A compressed file of kilobytes can say that it holds terabytes. One limit concerns all formats, and the environment
variable DEALIAS_LARGEST, such as 64GB, raises it.
"""

import os
import re

from dealias.errors import UserError

VARIABLE = "DEALIAS_LARGEST"
ALWAYS = 2**28  # bytes that any file may become
GROWTH = 100  # times its own size: measured k-space shrinks twofold, and tenfold where most of it is zero
UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40}


def check_size(size: int, stored: int, what: str = "what it holds") -> None:
    """Raise where so many bytes in memory are too many.

    Arguments:
        size: in bytes, once opened.
        stored: in bytes, in the file.
        what: is so large.

    Raises:
        UserError: with the variable that raises the limit.
    """
    largest = largest_size(stored)
    if size > largest:
        raise UserError(
            f"{what} would take {readable(size)} of memory, more than the {readable(largest)} allowed to a file of "
            f"its size here; if it is sound, set {VARIABLE}={10 ** len(str(size))} (bytes), or open some of its slices"
        )


def too_much_memory() -> UserError:
    """Return the complaint about a file whose reader was refused memory, whatever it wanted it for."""
    return UserError(f"asks for more memory than a file of its size is allowed; if it is sound, set {VARIABLE}=64GB")


def largest_size(stored: int) -> int:
    """Return how many bytes a file of so many may become: what the variable says, else what suits it and fits.

    Raises:
        UserError: where the variable is no size.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return min(max(ALWAYS, GROWTH * stored), _memory())
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?I?)B?", text.upper())
    if not found or found[2] not in UNITS:
        raise UserError(f"{VARIABLE} cannot be '{text}'; give a size such as 64GB")
    return int(float(found[1]) * UNITS[found[2]])


def readable(size: int) -> str:
    """Return a size in bytes as people read it."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 2**10:
            return f"{size:.3g} {unit}"
        size = size / 2**10  # type: ignore[assignment]
    return f"{size:.3g} TiB"


def _memory() -> int:
    """Return the bytes of memory that this machine has."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 2**36
