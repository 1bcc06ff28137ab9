"""Coils that are linear mixtures of measured coils, and the covariance that tells which."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dealias.acquisition import Acquisition


@dataclass(frozen=True)
class Covariance:
    """Sum of n n^H over samples n of all coils; those of parts add up.

    Arguments:
        total: (coil, coil), in double precision.
        count: of samples.
    """

    total: Tensor
    count: int

    @classmethod
    def of(cls, samples: Tensor) -> "Covariance":
        """Return that of samples (coil, sample)."""
        samples = samples.to(torch.complex128)
        return cls(samples @ samples.mH, samples.shape[1])

    @classmethod
    def sum(cls, parts: Sequence["Covariance"]) -> "Covariance":
        """Return that of the samples of all parts."""
        return cls(torch.stack([part.total for part in parts]).sum(0), sum(part.count for part in parts))


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
