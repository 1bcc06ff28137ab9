"""What methods of many steps share: a set of weights for each of them."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from dealias.errors import UserError


def steps(layers: nn.ModuleList, iterations: int) -> Iterator[Any]:
    """Yield the first so many layers.

    Raises:
        UserError: where there are fewer.
    """
    if iterations > len(layers):
        text = f"{iterations} iterations need as many sets of weights, and there are {len(layers)}; ask for fewer"
        raise UserError(text)
    yield from layers[:iterations]


def run(function: Callable[..., Tensor], *values: Tensor, recompute: bool) -> Tensor:
    """Return what a function gives; on the way back it is computed again instead of stored, if so asked."""
    if recompute and torch.is_grad_enabled():
        result: Tensor = checkpoint(function, *values, use_reentrant=False)
        return result
    return function(*values)
