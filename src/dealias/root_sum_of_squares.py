"""sqrt(sum |x|^2) of numbers of any size: squares of 1e-25 are zero in single precision, those of 1e25 infinite."""

import torch
from torch import Tensor


def root_sum_of_squares(x: Tensor, dim: int, *, keepdim: bool = False) -> Tensor:
    """Return the root of the sum of |x|^2 along an axis, computed at a scale of about one."""
    size = x.abs()
    exponent = torch.frexp(size.amax(dim, keepdim=True)).exponent.clamp(-120, 120)
    total = torch.ldexp(size, -exponent).square().sum(dim, keepdim=True).sqrt()
    root = torch.ldexp(total, exponent)
    return root if keepdim else root.squeeze(dim)
