"""Every decibel of every step counts alike, of easy problems and of hard ones.

mean over steps t and problems of log ||x_t - x||^2
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from dealias.shapes import Image
from dealias.training.example import Example


def log_squared_error(estimates: Iterable[Image], example: Example) -> Tensor:
    """Return the mean logarithm of each image's, or frame's, mean squared error."""
    target = example.truth
    floor = torch.finfo(target.real.dtype).tiny
    errors = [(x - target).abs().square().mean((-2, -1)) for x in estimates]
    return torch.stack([(error + floor).log() for error in errors]).mean()
