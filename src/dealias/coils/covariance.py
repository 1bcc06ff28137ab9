"""How alike what the coils measured is, part by part of a scan: what whitening and compression decide by."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

SAMPLES = 2**14  # of each coil that are made double at once


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
    def of_all(cls, kspace: Tensor) -> "Covariance":
        """Return that of all samples of k-space (..., coil, y, x), some at a time, as it may be large."""
        total = kspace.new_zeros(kspace.shape[-3], kspace.shape[-3], dtype=torch.complex128)
        for one in kspace.reshape(-1, *kspace.shape[-3:]):
            for part in one.flatten(1).split(SAMPLES, 1):
                total += cls.of(part).total
        return cls(total, kspace.numel() // max(1, kspace.shape[-3]))

    @classmethod
    def sum(cls, parts: Sequence["Covariance"]) -> "Covariance":
        """Return that of the samples of all parts."""
        return cls(torch.stack([part.total for part in parts]).sum(0), sum(part.count for part in parts))

    @property
    def correlation(self) -> float:
        """The largest between two coils, from zero to one; zero of a single one."""
        size = self.total.diagonal().real.sqrt()
        between = self.total.abs() / torch.where(size.outer(size) > 0, size.outer(size), 1)
        return float(between.fill_diagonal_(0).max())
