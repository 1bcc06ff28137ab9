"""Magnitudes alone count, for networks that make no phase.

    mean over steps t and pixels of ||x_t| - |x||

| fastMRI: An Open Dataset and Benchmarks for Accelerated MRI (Zbontar et al., 2018), section 5.2
| https://arxiv.org/abs/1811.08839
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from dealias.shapes import Image
from dealias.training.example import Example


def magnitude_error(estimates: Iterable[Image], example: Example) -> Tensor:
    """Return the mean absolute error of the magnitudes of all estimates."""
    size = example.truth.abs()
    return torch.stack([(x.abs() - size).abs().mean() for x in estimates]).mean()
