"""What a user wants of a file: the options of `dealias.open`, as every format gets them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Wanted:
    """The options of `dealias.open`, which says what they mean.

    Arguments:
        mask: "apply" or "ignore" the file's mask; None takes it for that of the scan.
        maps: coil maps of the measured coils, where formats change the coils themselves.
    """

    key: str | None = None
    axes: str | Sequence[str] | None = None
    slices: int | slice | str | None = None
    mask: str | None = None
    conjugate: bool | None = None
    maps: Any = None
    whiten: bool = True
