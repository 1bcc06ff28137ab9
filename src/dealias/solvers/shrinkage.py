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
    # four times as fast as the magnitude of complex numbers; cut off before the root, whose slope at zero is infinite
    energy = x.real.square() + x.imag.square() if x.is_complex() else x.square()
    if axis is not None:
        energy = energy.sum(axis, keepdim=True)
    size = energy.clamp_min(torch.finfo(energy.dtype).tiny).sqrt()
    return x * (1 - threshold / size).relu_()
