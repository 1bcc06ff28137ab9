"""GIF: a film of the magnitude that loops, its slices in rows; of images without time, the run through the slices."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from dealias.files.greyscale import check_film, grey_film, pillow, scale
from dealias.files.notes import comment, commented
from dealias.header import Header

title = "a GIF film"
extensions = (".gif",)
magnitude_only = True
MILLISECONDS = 60  # for which a frame is shown; GIF counts in tens


def knows(start: bytes, path: Path) -> bool:
    """Whether a file begins as GIF does."""
    return start.startswith((b"GIF87a", b"GIF89a"))


def check(shape: Sequence[int]) -> None:
    """Raise where images of this shape are no film, or Pillow is missing."""
    check_film(shape, "a GIF")
    pillow()


def notes(path: Path) -> dict[str, str]:
    """Return what the comment of a film says of how it was made."""
    with pillow().open(path, formats=("GIF",)) as picture:
        return commented(bytes(picture.info.get("comment", b"")).decode())


def write(path: Path, value: Tensor, header: Header, attributes: dict[str, Any]) -> None:
    """Write the magnitude of films (..., time, y, x), or real ones of both signs, with one window for all frames.

    The attributes become its comment, and which values are `black` and `white`.
    """
    save(path, grey_film(value), attributes | scale(value))


def save(path: Path, frames: Tensor, attributes: dict[str, Any], milliseconds: int = MILLISECONDS) -> None:
    """Write 8-bit frames (time, y, x) as they are.

    Raises:
        UserError: where Pillow is missing.
    """
    module = pillow()
    first, *others = (module.fromarray(frame) for frame in frames.numpy(force=True))
    first.save(
        path,
        format="GIF",
        save_all=True,
        append_images=others,
        duration=milliseconds,
        loop=0,
        disposal=1,
        comment=comment(attributes),
    )
