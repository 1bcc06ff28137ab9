"""From a file whose images are the frames of a film, as training reads it, to that film at scale one."""

from os import PathLike
from pathlib import Path

import torch

from dealias.errors import UserError
from dealias.files.recognition import about, check_exists, recognise
from dealias.files.to_acquisition import alone
from dealias.shapes import Image


def film(path: str | PathLike[str]) -> Image:
    """Return the complex film (time, y, x) of a file, of largest magnitude 1.

    Raises:
        UserError: where the file is damaged, or holds no two images.
    """
    path = Path(path)
    with about(path):
        check_exists(path)
        module = None if path.is_dir() else recognise(path)
        if module is None or not hasattr(module, "images"):
            raise UserError("is no film; give a file of images (time, y, x), such as .npy")
        frames: Image = alone(module.images(path), 3)
        if frames.ndim > 3:
            films = frames.shape[:-3].numel()
            raise UserError(f"holds {films} films {tuple(frames.shape)}; give each one (time, y, x) a file of its own")
        if not torch.isfinite(frames).all():
            raise UserError("holds NaN or infinite values; mend the file or leave it out")
        if frames.ndim < 3 or len(frames) < 2 or not frames.any():
            raise UserError("holds no film of two frames or more; give images (time, y, x)")
        if 4 * frames.shape[-1] < min(frames.shape[:2]):
            raise UserError(f"holds {len(frames)} frames of {frames.shape[1]} x {frames.shape[2]}; save time first")
    return frames.to(torch.complex64) / frames.abs().max()
