"""The error of what has no zero point, such as susceptibility: where data are, and without its mean.

mean over steps t and problems of log (||R (x_t - x)||^2 / ||R x||^2),  R x = x - mean of x, in the support
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from dealias.shapes import Volume
from dealias.training.example import Example


def referenced_error(estimates: Iterable[Volume], example: Example) -> Tensor:
    """Return the mean logarithm of each estimate's squared error over the square of the truth, without means."""
    problem, target = example.problem, example.truth
    support = torch.ones_like(target, dtype=torch.bool) if problem.support is None else problem.support
    axes = tuple(range(-problem.coupled, 0))
    known = support.sum(axes, keepdim=True)
    tiny = torch.finfo(target.real.dtype).tiny

    def square(x: Tensor) -> Tensor:
        inside = x * support
        return ((inside - inside.sum(axes, keepdim=True) / known) * support).abs().square().sum(axes) + tiny

    return torch.stack([(square(x - target) / square(target)).log() for x in estimates]).mean()
