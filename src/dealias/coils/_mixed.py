"""Coils that are linear mixtures of measured coils."""

from dataclasses import replace

import torch
from torch import Tensor

from dealias.acquisition import Acquisition


def mixed(acquisition: Acquisition, matrix: Tensor, noise_std: Tensor | None) -> Acquisition:
    """Return the acquisition of new coils, the rows of a matrix times the old ones; maps at unit size again."""
    maps = acquisition.maps
    if maps is not None:
        maps = times(matrix, maps)
        size = torch.linalg.vector_norm(maps, dim=-3, keepdim=True)
        maps = maps / torch.where(size == 0, 1, size)
    return replace(acquisition, kspace=times(matrix, acquisition.kspace), maps=maps, noise_std=noise_std)


def times(matrix: Tensor, value: Tensor) -> Tensor:
    """Return a matrix times the coil axis of a value (..., coil, y, x)."""
    return torch.einsum("ij,...jyx->...iyx", matrix.to(value), value)
