"""The inner product of every problem of a batch."""

import torch
from torch import Tensor


def inner_product(a: Tensor, b: Tensor, dimensions: int) -> Tensor:
    """Return the real part of <a, b> over the last `dimensions` axes, which stay with size 1."""
    axes = tuple(range(-dimensions, 0))
    if a.is_complex():
        product = torch.view_as_real(a.resolve_conj()) * torch.view_as_real(b.resolve_conj())
        return product.flatten(-2).sum(axes, keepdim=True)
    return (a * b).sum(axes, keepdim=True)
