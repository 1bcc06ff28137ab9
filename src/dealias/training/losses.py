"""What a training minimises, given every estimate of a method.

The RIM papers minimise the squared error. Its logarithm, our default, lets easy and hard problems weigh alike, and
learned faster in a trial of both.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from dealias.shapes import Image


def squared_error(estimates: Iterable[Image], target: Image) -> Tensor:
    """Return the mean over steps and pixels of |x_t - x|^2, the RIM paper's loss (card 1)."""
    return torch.stack([(x - target).abs().square().mean() for x in estimates]).mean()


def last_squared_error(estimates: Iterable[Image], target: Image) -> Tensor:
    """Return the mean over pixels of |x_T - x|^2 of the last step alone, the CRNN paper's loss (card 3)."""
    *_, last = estimates
    return (last - target).abs().square().mean()


def log_squared_error(estimates: Iterable[Image], target: Image) -> Tensor:
    """Return the mean over steps and problems of log ||x_t - x||^2: every decibel of every step counts alike."""
    floor = torch.finfo(target.real.dtype).tiny
    errors = [(x - target).abs().square().mean((-2, -1)) for x in estimates]
    return torch.stack([(error + floor).log() for error in errors]).mean()


def magnitude_error(estimates: Iterable[Image], target: Image) -> Tensor:
    """Return the mean over steps and pixels of ||x_t| - |x||, fastMRI's loss for networks that make magnitudes."""
    return torch.stack([(x.abs() - target.abs()).abs().mean() for x in estimates]).mean()
