"""Images and films as a screen shows them: 8-bit grey, slices in rows.

White is the 99.9th percentile of the magnitude over all images, so that one bright vessel does not darken the
rest and images can be compared; black is zero, or as far below zero where real images have both signs, such as
a phase.
"""

import math
from collections.abc import Sequence
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.shapes import Image


def greyscale(images: Image) -> Tensor:
    """Return the magnitude of images (*batch, y, x), or real ones of both signs, as bytes of the same shape."""
    black, white = scale(images).values()
    if black == 0:
        shown = torch.nan_to_num(images.abs().double(), posinf=0) / white
    else:
        shown = torch.nan_to_num(images).double() / white / 2 + 0.5
    return (shown.clamp(0, 1) * 255).round().to(torch.uint8)


def scale(images: Image) -> dict[str, float]:
    """Return which values of images (*batch, y, x) `greyscale` makes black and white."""
    size = torch.nan_to_num(images.abs().double(), posinf=0)
    white = float(np.percentile(size.numpy(force=True), 99.9)) or float(size.max()) or 1.0
    signed = not images.is_complex() and bool((images < 0).any())
    return {"black": -white if signed else 0.0, "white": white}


def tiled(images: Tensor) -> Tensor:
    """Return images (n, y, x) in rows in one nearly square picture (y, x)."""
    count, y, x = images.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    tiles = images.new_zeros(rows * columns, y, x)
    tiles[:count] = images
    return tiles.reshape(rows, columns, y, x).transpose(1, 2).reshape(rows * y, columns * x)


def check_film(shape: Sequence[int], name: str) -> None:
    """Raise where images of this shape are no film, which is all that a file of this name holds."""
    if len(shape) < 3 or shape[-3] < 2:
        raise UserError(f"{name} is a film of two frames or more, and this is one image; write .png")


def grey_film(films: Image) -> Tensor:
    """Return films (..., time, y, x) as the frames of one (time, y, x), with one window for all."""
    return in_rows(greyscale(films))


def in_rows(films: Tensor) -> Tensor:
    """Return films (..., time, y, x) as one (time, y, x), each of its frames in rows."""
    return torch.stack([tiled(frame) for frame in films.reshape(-1, *films.shape[-3:]).unbind(1)])


def pillow() -> ModuleType:
    """Return Pillow's module for pictures.

    Raises:
        UserError: where it is missing.
    """
    try:
        from PIL import Image as module
    except ImportError:
        raise UserError("pictures need Pillow; pip install -e '.[files]' in the clone") from None
    return module
