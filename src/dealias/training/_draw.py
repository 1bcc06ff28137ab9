"""Random numbers from a generator."""

import torch


def uniform(low: float, high: float, generator: torch.Generator) -> float:
    """Return a number between two others."""
    return low + (high - low) * torch.rand((), generator=generator).item()


def logarithmic(low: float, high: float, generator: torch.Generator) -> float:
    """Return a number between two others whose logarithm is uniform."""
    return float(low * (high / low) ** uniform(0, 1, generator))


def integer(low: int, high: int, generator: torch.Generator) -> int:
    """Return a whole number from `low` to `high`, both possible."""
    return int(torch.randint(low, high + 1, (), generator=generator))
