"""Shrinkage: the proximal maps of l1 norms."""

import torch
from torch import Tensor


def soft_threshold(x: Tensor, threshold: Tensor | float, axis: int | None = None) -> Tensor:
    """Return x with its magnitudes lessened by the threshold, zero where they are smaller; the phase stays.

    Arguments:
        x: complex or real.
        threshold: a number, or one for each problem, of size 1 on the problem's axes.
        axis: the numbers along it are one vector, which has one magnitude; None: each number by itself.
    """
    size = x.abs()
    if axis is not None:
        size = size.square().sum(axis, keepdim=True).sqrt_()
    return x * (1 - threshold / size.clamp_min(torch.finfo(size.dtype).tiny)).relu_()
