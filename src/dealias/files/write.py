"""From an image or an acquisition to a file; what it becomes, the extension says."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import torch

from dealias.acquisition import Acquisition
from dealias.errors import UserError, suggest
from dealias.files.atomic import atomic
from dealias.files.fastmri import cropped
from dealias.files.formats import formats
from dealias.header import Header
from dealias.shapes import Image


def write(
    path: str | PathLike[str],
    image: Image | Acquisition,
    header: Header | None = None,
    *,
    overwrite: bool = False,
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Write an image (slice, [time,] y, x), or the k-space of an acquisition, whole or not at all.

    HDF5 holds the magnitude and the complex image, or k-space, mask and maps; `.npy` the image or the centred
    k-space; PNG the magnitude. Values stay on their scale, in single precision.

    Arguments:
        path: its extension names the format.
        image: on the scale on which it is to be written.
        header: of the acquisition that the image was made of; its matrix crops the image, HDF5 carries it on.
        attributes: what to say of how it was made, such as {"method": "rim"}; for HDF5 and PNG.
        overwrite: whether to replace an existing file.

    Raises:
        UserError: for an unknown extension, an existing file without `overwrite`, or a disk that refuses.
    """
    path = Path(path)
    writers = {extension: module for module in formats("extensions") for extension in module.extensions}
    if path.suffix.lower() not in writers and not path.is_dir():
        raise UserError(
            f"{path}: no format has the extension '{path.suffix}'{suggest(path.suffix.lower(), writers)}; "
            f"write {', '.join(sorted(writers))}"
        )
    if isinstance(image, Acquisition):
        header = header or image.header
    else:
        header = header or Header()
        image = cropped(torch.as_tensor(image), header.matrix)
        if image.ndim < 2 or 0 in image.shape:
            raise UserError(f"{path}: an image has axes (..., y, x), this one {tuple(image.shape)}; check it")
    with atomic(path, overwrite=overwrite) as temporary:
        try:
            writers[path.suffix.lower()].write(temporary, image, header, dict(attributes or {}))
        except UserError as error:
            raise UserError(f"{path}: {error}") from error
