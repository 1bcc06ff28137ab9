"""Sampling patterns and noise scans that a user gives as files of their own, in any format that holds arrays."""

from os import PathLike
from pathlib import Path

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.files.recognition import about, check_exists, formats, recognise

PATTERN, NOISE = ("mask", "pattern", "pat"), ("noise", "kspace", "data")


def read_pattern(path: str | PathLike[str]) -> Tensor:
    """Return the sampling pattern (x), (y, x) or with more axes before them that a file holds: True where sampled.

    Raises:
        UserError: where the file is missing or damaged, or holds no one array.
    """
    pattern = _array(path, PATTERN, "a sampling pattern") != 0
    return pattern.squeeze() if pattern.numel() > 1 else pattern


def read_noise(path: str | PathLike[str]) -> Tensor:
    """Return the samples of a noise scan that a file holds, for `dealias.coils.whiten`, which finds the coils.

    Raises:
        UserError: where the file is missing or damaged, holds no one array, or numbers that are not complex.
    """
    noise = _array(path, NOISE, "a noise scan")
    if not noise.is_complex():
        raise UserError(f"{path}: holds real numbers; a noise scan is complex")
    return noise


def _array(path: str | PathLike[str], names: tuple[str, ...], what: str) -> Tensor:
    """Return the array of one of these names, or else the only one, with the axes of k-space as its format has them."""
    path = Path(path)
    with about(path):
        check_exists(path)
        module = None if path.is_dir() else recognise(path)
        if module is None or not hasattr(module, "arrays"):
            known = ", ".join(reader.title for reader in formats("arrays"))
            raise UserError(f"is no file of arrays; give {what} as {known}")
        found = module.arrays(path)
        chosen = [found[name] for name in names if name in found][:1] or [*found.values()]
        if len(chosen) != 1:
            raise UserError(
                f"holds the arrays {', '.join(found) or 'none'}; give {what} alone, or call it '{names[0]}'"
            )
        array: Tensor = torch.as_tensor(chosen[0])
        return array
