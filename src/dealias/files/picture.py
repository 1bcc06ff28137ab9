"""PNG: grey pictures of the magnitude out, grey pictures as images in.

White is the 99.9th percentile of the magnitude over all slices, so that one bright vessel does not darken the
rest and slices can be compared; black is zero, or as far below zero where real images have both signs, such as
a phase. Several slices lie in rows in one nearly square picture.
"""

import math
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.errors import UserError
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
    pillow = _pillow()
    try:
        with pillow.open(path, formats=("PNG",)) as picture:
            grey = picture if picture.mode in ("1", "L", "I", "I;16", "F") else picture.convert("L")
            values = np.array(grey, dtype=np.float32)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UserError("is a damaged PNG picture; copy it again") from error
    return torch.from_numpy(values).to(torch.complex64)[None]


def write(path: Path, value: Tensor | Acquisition, header: Header, attributes: dict[str, Any]) -> None:
    """Write the magnitude of images (..., y, x), or real ones of both signs, as one 8-bit grey picture.

    The attributes become its texts.
    """
    pillow = _pillow()
    if isinstance(value, Acquisition):
        raise UserError("a PNG picture holds no k-space; reconstruct it first, or write .h5 or .npy")
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    for name, note in attributes.items():
        notes.add_text(name, str(note))
    grey = (_windowed(value) * 255).round().to(torch.uint8)
    pillow.fromarray(_tiled(grey).numpy(force=True)).save(path, format="PNG", pnginfo=notes)


def _windowed(image: Tensor) -> Tensor:
    size = torch.nan_to_num(image.abs().double(), posinf=0).reshape(-1, *image.shape[-2:])
    white = float(np.percentile(size.numpy(force=True), 99.9)) or float(size.max()) or 1.0
    if not image.is_complex() and bool((image < 0).any()):
        return (torch.nan_to_num(image).double().reshape(size.shape) / white / 2 + 0.5).clamp(0, 1)
    return (size / white).clamp(0, 1)


def _tiled(images: Tensor) -> Tensor:
    count, y, x = images.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    tiles = images.new_zeros(rows * columns, y, x)
    tiles[:count] = images
    return tiles.reshape(rows, columns, y, x).transpose(1, 2).reshape(rows * y, columns * x)


def _pillow() -> ModuleType:
    try:
        from PIL import Image
    except ImportError:
        raise UserError("pictures need Pillow; install it with pip install dealias[files]") from None
    return Image
