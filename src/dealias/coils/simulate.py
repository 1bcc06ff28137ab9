"""Simulated coil maps: a ring of elements around the body, each bright near itself, with a phase that turns."""

from collections.abc import Sequence

import torch

from dealias.errors import UserError
from dealias.numpy_bridge import numpy_too
from dealias.shapes import Maps


@numpy_too
def simulate(shape: Sequence[int], coils: int, *, generator: torch.Generator | None = None) -> Maps:
    """Return smooth complex maps (coil, y, x) of unit root sum of squares.

    Places, reach and phases of the elements are random; nothing is measured or computed from their currents.

    Arguments:
        shape: rows and columns.
        coils: how many.
        generator: where the randomness comes from; None is PyTorch's own.

    Raises:
        UserError: for fewer than one coil.
    """
    if coils < 1:
        raise UserError(f"{coils} coils cannot be simulated; give 1 or more")
    draw = torch.rand(coils, 6, generator=generator)
    angle = 2 * torch.pi * ((torch.arange(coils) + 0.5 * draw[:, 0]) / coils + draw[0, 1])
    distance, reach = 1 + 0.5 * draw[:, 2], 0.7 + 0.6 * draw[:, 3]
    y, x = torch.linspace(-1, 1, shape[0])[:, None], torch.linspace(-1, 1, shape[1])
    maps = []
    for a, r, width, turn, offset in zip(angle, distance, reach, draw[:, 4], draw[:, 5], strict=True):
        down, right = y - r * a.sin(), x - r * a.cos()
        size = torch.exp(-(down.square() + right.square()) / (2 * width.square()))
        # the field of a loop turns around the loop's place, and cables add a constant; the angle is counted from
        # the direction to the image's centre, so that it jumps behind the ring and not across the image
        aside, inwards = right * a.sin() - down * a.cos(), -right * a.cos() - down * a.sin()
        phase = (2 * turn - 1) * torch.atan2(aside, inwards) + 2 * torch.pi * offset
        maps.append(torch.polar(size, phase))
    stacked = torch.stack(maps)
    return stacked / stacked.abs().square().sum(0).sqrt()
