"""What a file holds, its k-space or its images; and images as training reads them, one by one or as films."""

from os import PathLike
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.files.foreign import known_elsewhere
from dealias.files.open import open
from dealias.files.recognition import about, check_exists, files_below, recognise
from dealias.kind import WrongKind
from dealias.shapes import Image

AXES = ("slice", "time", "y", "x")  # of images, as we order them
FORMATS = ".npy, .npz, HDF5, .mat, .cfl, NIfTI or PNG"


def contents(
    path: str | PathLike[str],
    *,
    key: str | None = None,
    axes: str | None = None,
    slices: int | slice | str | None = None,
    mask: Literal["apply", "ignore"] | None = None,
    conjugate: bool | None = None,
) -> Acquisition | Tensor:
    """Return the k-space of a file, or its images (..., y, x) on its scale; `kind.py` tells them apart.

    Arguments:
        key: as in `dealias.open`, and so are slices, mask and conjugate; what it names is k-space.
        axes: of k-space likewise; of images some of "slice time y x" in their order, which makes films of them.

    Raises:
        UserError: where the file holds neither.
    """
    try:
        return open(path, key=key, axes=axes, slices=slices, mask=mask, conjugate=conjugate)
    except UserError as complaint:
        if key is not None or not {*_names(axes)} <= {*AXES}:
            raise
        try:
            return stored_images(path, axes)
        except WrongKind:  # k-space, and it was refused
            raise complaint from None
        except UserError as other:
            if str(other) == str(complaint):
                raise
            raise UserError(f"{complaint}; as images: {other}") from None


def stored_images(path: str | PathLike[str], axes: str | None = None) -> Tensor:
    """Return the images (..., y, x) that one file holds, complex, on its scale.

    Arrays, archives, HDF5, MATLAB's, BART's and NIfTI files hold images, HDF5 also fully sampled single-coil
    k-space, PNG grey pictures.

    Arguments:
        axes: some of "slice time y x" in their order, which makes films of images: (slice, time, y, x).

    Raises:
        UserError: where the file is damaged or holds no images.
    """
    path = Path(path)
    with about(path):
        path = check_exists(path)
        module = None if path.is_dir() else recognise(path)
        if module is None or not hasattr(module, "images"):
            other = known_elsewhere(path) if module is None and path.is_file() else None
            raise UserError(f"is no file of images{f' ({other[0]}); {other[1]}' if other else f'; give {FORMATS}'}")
        found: Tensor = module.images(path)
        if not found.numel():
            raise UserError(f"holds images of shape {tuple(found.shape)}, which are none; save them again")
        if not torch.isfinite(found).all():
            raise UserError("holds NaN or infinite values; mend the file or leave it out")
        return _arranged(found, _names(axes))


def images(path: str | PathLike[str]) -> list[Image]:
    """Return the images (y, x) of a file, or of all files below a folder, each of largest magnitude 1.

    Files of another kind in a folder are passed over, as are images that are zero everywhere.

    Raises:
        UserError: where a file is damaged or holds no images, or a folder no such file.
    """
    path = Path(path)
    files = files_below(path, "images") if path.is_dir() else [path]
    stacks = [stored_images(file) for file in files]
    found = [image for stack in stacks for image in stack.reshape(-1, *stack.shape[-2:]) if image.any()]
    if not found:
        raise UserError(f"{path}: no images found; give {FORMATS} files that hold some")
    return [image / image.abs().max() for image in found]


def film(path: str | PathLike[str]) -> Image:
    """Return the complex film (time, y, x) of a file, of largest magnitude 1.

    Raises:
        UserError: where the file is damaged, or holds no two images.
    """
    frames = _without_single_axes(stored_images(path), 3)
    with about(Path(path)):
        if frames.ndim > 3:
            films = frames.shape[:-3].numel()
            raise UserError(f"holds {films} films {tuple(frames.shape)}; give each one (time, y, x) a file of its own")
        if frames.ndim < 3 or len(frames) < 2 or not frames.any():
            raise UserError("holds no film of two frames or more; give images (time, y, x)")
        if 4 * frames.shape[-1] < min(frames.shape[:2]):
            raise UserError(f"holds {len(frames)} frames of {frames.shape[1]} x {frames.shape[2]}; save time first")
    return frames.to(torch.complex64) / frames.abs().max()


def _names(axes: str | None) -> list[str]:
    return (axes or "").replace(",", " ").split()


def _arranged(images: Tensor, names: list[str]) -> Tensor:
    """Return images ([slice, [time,]] y, x) by the names of their axes, as they lie where there are none."""
    if not names:
        return images
    images = _without_single_axes(images, len(names))
    if images.ndim != len(names) or len({*names}) < len(names) or not {"y", "x"} <= {*names}:
        text = f"its images have {images.ndim} axes {tuple(images.shape)}, --axes names '{' '.join(names)}'"
        raise UserError(f"{text}; name each once, such as 'slice time y x'")
    images = images.permute(sorted(range(len(names)), key=lambda axis: AXES.index(names[axis])))
    return images if "slice" in names else images[None]


def _without_single_axes(images: Tensor, axes: int) -> Tensor:
    """Return images without the leading axes of size one that they have beyond so many axes."""
    while images.ndim > axes and len(images) == 1:
        images = images[0]
    return images
