"""The measurement itself counts, no image being known: deep basis pursuit.

    ||A x_T - y||^2 / ||y||^2, mean over problems

| Unsupervised Deep Basis Pursuit: Learning inverse problems without ground-truth data (Tamir et al., 2019)
| https://arxiv.org/abs/1910.13110

A network that may change what was measured learns to return it; one whose last step keeps the data within the
noise, as basis pursuit does, learns from this how an image looks.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from dealias.problem import Problem
from dealias.shapes import Image
from dealias.training.example import Example


def measured(estimates: Iterable[Image], example: Example) -> Tensor:
    """Return the relative squared residual of the last estimate at the samples that it was made of."""
    *_, last = estimates
    return relative_residual(last, example.problem)


def relative_residual(x: Image, problem: Problem) -> Tensor:
    """Return ||A x - y||^2 / ||y||^2, mean over problems."""
    axes = tuple(range(x.ndim - len(problem.axes), problem.data.ndim))
    residual, energy = (y.abs().square().sum(axes) for y in (problem.operator(x) - problem.data, problem.data))
    return (residual / torch.where(energy == 0, 1, energy)).mean()
