"""Decibels of a method on the held-back brain and on bodies that no training saw."""

from collections.abc import Sequence

import torch
from torch import Tensor

import dealias
from _data import foreign, held_back, scans
from dealias.evaluation.metrics import psnr

BRAIN, ABROAD = "brain", "mean abroad"


def bodies(count: int) -> dict[str, list[Tensor]]:
    """Return so many slices (y, x) of the held-back brain, and one of each foreign body."""
    return {BRAIN: held_back(count), **{name: [image] for name, image in foreign().items()}}


def decibels(
    method: dealias.Method | str, images: Sequence[Tensor], acceleration: float = 4.0, *, phase: bool = False, **how
) -> float:
    """Return the PSNR of a method, averaged over images.

    Arguments:
        phase: of complex images instead of magnitudes.
        how: the scans are simulated: patterns, noise_std, width, centre.
    """
    pairs = scans(images, acceleration, **how)
    return float(torch.stack([psnr(dealias.reconstruct(method, scan), x, phase=phase) for scan, x in pairs]).mean())


def everywhere(method: dealias.Method | str | None, places: dict[str, list[Tensor]], **how) -> dict[str, float] | None:
    """Return the PSNR on each body and the mean of the foreign ones; None for a method that is not trained yet."""
    if method is None:
        return None
    found = {name: decibels(method, images, **how) for name, images in places.items()}
    others = [value for name, value in found.items() if name != BRAIN]
    return {**found, ABROAD: sum(others) / len(others)}


def cells(scores: dict[str, float] | None, places: Sequence[str]) -> list[str | None]:
    """Return the cells of a row; None where it is not run yet."""
    return [None if scores is None else f"{scores[place]:.2f}" for place in places]


def gain(one: dict[str, float] | None, other: dict[str, float] | None, place: str) -> float | None:
    """Return by how much one exceeds the other; None where either is not run yet."""
    return None if one is None or other is None else one[place] - other[place]


def signed(values: dict[str, float | None]) -> str | None:
    """Return differences in words, None where one is not run yet."""
    if None in values.values():
        return None
    return ", ".join(f"{name}: {value:+.2f} dB" for name, value in values.items())
