"""What every random mask needs: how many samples, a weighted draw of them, and another one for every frame."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from dealias.errors import UserError

Draw = TypeVar("Draw", bound=Callable[..., Tensor])


def every_frame(draw: Draw) -> Draw:
    """Let a function that draws a mask (y, x) take a shape (time, y, x) as well: each frame is drawn anew."""

    @wraps(draw)
    def frames(shape: Sequence[int], *args: Any, **kwargs: Any) -> Tensor:
        if len(shape) != 3 or shape[0] < 1:
            return draw(shape, *args, **kwargs)
        return torch.stack([draw(shape[1:], *args, **kwargs) for _ in range(shape[0])])

    return cast(Draw, frames)


def frequencies(size: int) -> Tensor:
    """Return the centred frequencies of an axis, in units of its half-width: -1 <= k < 1, zero at size // 2."""
    return (torch.arange(size, dtype=torch.float64) - size // 2) / (size / 2)


def plane(shape: Sequence[int]) -> tuple[int, int]:
    """Return a shape (y, x), checked."""
    if len(shape) != 2 or min(shape) < 1:
        raise UserError(
            f"a mask of shape {tuple(shape)} cannot be drawn; give two positive sizes (y, x), or three (time, y, x)"
        )
    return int(shape[0]), int(shape[1])


def check_shape_of_density(width: float, centre: float) -> None:
    """Raise where a density has no width, or the part that is always sampled no size."""
    if not 0 < width < float("inf"):
        raise UserError(f"a density of width {width:g} is impossible; give more than zero, such as 0.42")
    if not 0 <= centre < float("inf"):
        raise UserError(f"a centre of {centre:g} is impossible; give a fraction of the axis, zero or more")


def samples(total: int, acceleration: float, always: int, unit: str) -> int:
    """Return how many of `total` samples an acceleration leaves, refusing what cannot be."""
    if not acceleration >= 1 or acceleration == float("inf"):
        raise UserError(f"acceleration {acceleration:g} is impossible; give 1 (everything) or more")
    count = round(total / acceleration)
    if count < always:
        raise UserError(
            f"acceleration {acceleration:g} leaves {count} of {total} {unit}, but {always} central ones are always "
            f"sampled; lower the acceleration to {total / always:.3g} or less, or make the centre smaller"
        )
    return count


def without_replacement(log_density: Tensor, count: int, always: Tensor, generator: torch.Generator | None) -> Tensor:
    """Return a mask with `count` samples, `always` among them, the others drawn by their density.

    The smallest of exponential variables divided by the density are a sequential weighted draw; logarithms
    keep a narrow density from underflow.

    | Weighted random sampling with a reservoir (Efraimidis and Spirakis, 2006), algorithm A-Res
    """
    keys = torch.empty_like(log_density).exponential_(generator=generator).log() - log_density
    keys[always] = -torch.inf
    chosen = keys.flatten().topk(count, largest=False).indices
    mask = torch.zeros(log_density.numel(), dtype=torch.bool)
    mask[chosen] = True
    return mask.reshape(log_density.shape)
