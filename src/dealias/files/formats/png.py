"""PNG: grey pictures of the magnitude out, slices in rows; grey pictures as images in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.files.greyscale import greyscale, pillow, scale, tiled
from dealias.files.size_limits import check_size
from dealias.header import Header

title = "a PNG picture"
extensions = (".png",)
magnitude_only = True


def knows(start: bytes, path: Path) -> bool:
    """Whether a file begins as PNG does."""
    return start.startswith(b"\x89PNG\r\n\x1a\n")


def images(path: Path) -> Tensor:
    """Return the picture as one real image (1, y, x) in complex numbers; colours become grey.

    Raises:
        UserError: where the file is damaged, or Pillow is missing.
    """
    module = pillow()
    try:
        with _no_other_limit(module), module.open(path, formats=("PNG",)) as picture:
            check_size(8 * picture.width * picture.height, path.stat().st_size)
            single = picture if picture.mode in ("1", "L", "I", "I;16", "F") else picture.convert("L")
            values = np.array(single, dtype=np.float32)
    except (UserError, MemoryError):
        raise
    except Exception as error:  # Pillow's reader follows what a damaged file says wherever it leads
        raise UserError("is a damaged PNG picture; copy it again") from error
    return torch.from_numpy(values).to(torch.complex64)[None]


def notes(path: Path) -> dict[str, str]:
    """Return the texts of a picture, which say how it was made."""
    with pillow().open(path, formats=("PNG",)) as picture:
        return {name: str(text) for name, text in getattr(picture, "text", {}).items()}


def write(path: Path, value: Tensor, header: Header, attributes: dict[str, Any]) -> None:
    """Write the magnitude of images (..., y, x), or real ones of both signs, as one 8-bit grey picture.

    The attributes become its texts, and which values are `black` and `white`.
    """
    module = pillow()
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    for name, note in (attributes | scale(value)).items():
        notes.add_text(name, str(note))
    picture = tiled(greyscale(value).reshape(-1, *value.shape[-2:]))
    module.fromarray(picture.numpy(force=True)).save(path, format="PNG", pnginfo=notes)


@contextmanager
def _no_other_limit(module: Any) -> Iterator[None]:
    """Let our own limit of sizes be the only one: it can be raised."""
    usual, module.MAX_IMAGE_PIXELS = module.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        module.MAX_IMAGE_PIXELS = usual
