"""What lies beside an image, such as an error bar: in its file where that names arrays, else in files named after it.

A companion has the pixels of the image, or is a number per slice, which only a file that names arrays has a place for.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.files.crop import crop
from dealias.files.header_fields import SHAPES
from dealias.files.mrd.xml_header import XML
from dealias.files.recognition import extension_of

Beside = Mapping[str, Tensor | tuple[Tensor, Mapping[str, Any]]]

TAKEN = {"image", "reconstruction", "kspace", "mask", "maps", "noise_std", "axes", XML, *SHAPES}


@dataclass(frozen=True)
class Companion:
    """Values in single precision, real or complex, and what is to be said of them.

    Arguments:
        pixels: whether they are an image, not numbers per slice.
    """

    values: Tensor
    pixels: bool = True
    attributes: Mapping[str, Any] = field(default_factory=dict)


def companions(
    given: Beside, shape: torch.Size, matrix: tuple[int, int] | None, taken: Set[str]
) -> dict[str, Companion]:
    """Return the companions of an image of this shape, cropped as it is.

    Arguments:
        taken: names of what else is said of the image.

    Raises:
        UserError: where a name cannot be that of an array or is taken, or a shape does not fit.
    """
    found = {}
    for name, value in given.items():
        values, attributes = value if isinstance(value, tuple) else (value, {})
        if not re.fullmatch(r"[A-Za-z]\w{0,30}", name, re.ASCII) or name in {*TAKEN, *taken}:
            raise UserError(f"'{name}' cannot lie beside an image; name it by other letters, digits and '_'")
        values = torch.as_tensor(values)
        values = values.to(torch.complex64 if values.is_complex() else torch.float32)
        pixels = values.shape == shape
        if not pixels and (values.ndim > len(shape) - 2 or values.shape != shape[: values.ndim]):
            trouble = f"'{name}' has shape {tuple(values.shape)}, the image {tuple(shape)}"
            raise UserError(f"{trouble}; give as many pixels, or a number per slice")
        values = crop(values, matrix) if pixels else torch.atleast_1d(values)
        found[name] = Companion(values, pixels, attributes)
    return found


def path_beside(path: Path, name: str) -> Path:
    """Return where what lies beside an image goes if it is a file of its own: `a_phase.nii.gz` beside `a.nii.gz`."""
    extension = extension_of(path)
    return path.with_name(f"{path.name[: len(path.name) - len(extension)]}_{name}{extension}")
