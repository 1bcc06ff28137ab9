"""Random numbers from a generator, and settings that they can be drawn by."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from dealias.errors import UserError


def check(settings: Any, least: Mapping[str, float], shares: Sequence[str]) -> None:
    """Refuse ranges that cannot be drawn from.

    Arguments:
        least: the lowest possible number, by the name of a range.
        shares: names of what says how often.

    Raises:
        UserError: for a range whose ends are swapped or impossible, a share that is none, or a batch of nothing.
    """
    for name, lowest in least.items():
        low, high = getattr(settings, name)
        if not lowest <= low <= high < float("inf"):
            raise UserError(f"{name} cannot range from {low} to {high}; give two numbers, the smaller first")
    for name in shares:
        if not 0 <= getattr(settings, name) <= 1:
            raise UserError(f"{name} is how often, from 0 to 1, not {getattr(settings, name)}; correct it")
    if settings.batch < 1:
        raise UserError(f"a batch of {settings.batch} is impossible; give 1 or more")


def uniform(low: float, high: float, generator: torch.Generator) -> float:
    """Return a number between two others."""
    return low + (high - low) * torch.rand((), generator=generator).item()


def logarithmic(low: float, high: float, generator: torch.Generator) -> float:
    """Return a number between two others whose logarithm is uniform."""
    return float(low * (high / low) ** uniform(0, 1, generator))


def integer(low: int, high: int, generator: torch.Generator) -> int:
    """Return a whole number from `low` to `high`, both possible."""
    return int(torch.randint(low, high + 1, (), generator=generator))
