"""The masks of a training: points of a Gaussian density or of a Poisson disc, or whole lines."""

import math
from typing import Literal

import torch

from dealias import sampling
from dealias.shapes import Pattern
from dealias.training._random_numbers import integer, uniform

CALIBRATION = (13, 24)  # central rows and columns of a mask on which coil maps are estimated
SMALLEST = 36  # rows and columns of an image whose mask has the largest of these
LINES: tuple[Literal["random", "equispaced", "gaussian"], ...] = ("random", "equispaced", "gaussian")


def draw_mask(
    shape: tuple[int, int],
    acceleration: float,
    lines: float,
    discs: float,
    centre: float,
    calibrated: bool,
    generator: torch.Generator,
) -> Pattern:
    """Return a centred mask (y, x).

    Arguments:
        lines: how often it consists of whole lines.
        discs: how often points are a Poisson disc.
        centre: half-axes of the ellipse that points always fill, as a fraction of the axes.
        calibrated: whether the centre is large enough to estimate coil maps; the acceleration leaves it room.
    """
    side = integer(*CALIBRATION, generator) if calibrated else 0
    if uniform(0, 1, generator) < lines:
        kind = LINES[integer(0, 2, generator)]
        middle = {"centre": (side + 0.01) / shape[1]} if calibrated else {}
        if calibrated:
            acceleration = min(acceleration, shape[1] / (1.5 * side))
        return sampling.cartesian(shape, acceleration, lines=kind, generator=generator, **middle)
    if calibrated:  # an ellipse that holds the square
        centre = (side + 1) / (2**0.5 * min(shape))
        acceleration = min(acceleration, 1 / (1.3 * math.pi * centre**2))
    pattern = sampling.poisson if discs and uniform(0, 1, generator) < discs else sampling.gaussian
    return pattern(shape, acceleration, centre=centre, generator=generator)
