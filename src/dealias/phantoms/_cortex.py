"""Where the cortex folds: sulci that grow inwards from the surface of a brain and keep clear of each other.

Head coordinates are (y, x) in millimetres, the front of the head at negative y, the midline at x = 0.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor

CELL = 0.5  # millimetres, of the table that knows the nearest point of a sulcus
SPAN = 110.0  # millimetres, half the side of that table

CLEAR = 4.8  # millimetres between two sulci: two ribbons of cortex
REACH = 12.0  # millimetres, how far a sulcus feels another


@dataclass(frozen=True)
class Sulci:
    """Points along all sulci, and a table of which is nearest.

    Arguments:
        points: (point, 2), in millimetres.
        width: half the width of the cleft at each point, in millimetres.
        nearest: index of the nearest point for every cell of the plane.
    """

    points: Tensor
    width: Tensor
    nearest: Tensor

    def distance(self, y: Tensor, x: Tensor) -> Tensor:
        """Return the distance from the nearest cleft's wall, negative inside the cleft."""
        last = self.nearest.shape[0] - 1
        row, column = (((v + SPAN) / CELL).round().long().clamp_(0, last) for v in (y, x))
        index = self.nearest[row, column]
        near = self.points[index]
        return torch.hypot(y - near[..., 0], x - near[..., 1]) - self.width[index]


def grow_sulci(
    starts: Tensor,
    headings: Tensor,
    lengths: Tensor,
    obstacles: Tensor,
    core: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """Return paths (sulcus, step, 2) that start in a direction, wander, turn from each other, and branch.

    A path has a point every millimetre; one that stops repeats its last.

    Arguments:
        headings: angles from the x axis towards the y axis, in radians.
        lengths: in millimetres.
        obstacles: points (point, 2) to keep clear of.
        core: half-axes (y, x) of the ellipse of white matter that no sulcus enters.
    """
    number, steps = len(starts), int(lengths.max())
    parent = (torch.rand(number, generator=generator) < 0.75).nonzero().squeeze(1)
    portion = 0.35 + 0.4 * torch.rand(len(parent), generator=generator)
    born = torch.cat([torch.zeros(number), lengths[parent] * portion]).long()
    dead = born + torch.cat([lengths, lengths[parent] * 0.5 + 4]).long()
    mother = torch.cat([torch.arange(number), parent])
    heading, path = headings[mother], starts[mother][:, None].repeat(1, steps + 1, 1)
    total = len(mother)
    swing = 0.22 * torch.randn(total, generator=generator)
    pace = 2 * torch.pi / (10 + 14 * torch.rand(total, generator=generator))
    shift = 2 * torch.pi * torch.rand(total, generator=generator)
    side = torch.where(torch.rand(total, generator=generator) < 0.5, -1.1, 1.1)
    # a branch keeps clear of its mother, she not of it
    foreign = mother[:, None] != mother
    foreign[number:, :number] |= mother[number:, None] == torch.arange(number)
    alive = torch.ones(total, dtype=torch.bool)
    for step in range(1, steps + 1):
        fresh = (born == step).nonzero().squeeze(1)
        path[fresh, :step] = path[mother[fresh], step - 1][:, None]
        heading[fresh] = heading[mother[fresh]] + side[fresh]
        tips = path[:, step - 1]
        push, crowded = _neighbours(tips, path[:, :step:2], obstacles, foreign)
        heading = heading + swing * torch.cos(pace * step + shift)
        wish = _direction(heading) + push
        turn = torch.atan2(wish[:, 0], wish[:, 1]) - heading
        heading = heading + torch.atan2(turn.sin(), turn.cos()).clamp(-0.3, 0.3)
        outside = (tips / core).square().sum(-1) > 1
        # the first steps lead out of the mother's own crowd
        alive &= (step < dead) & outside & ~(crowded & (step > born + 6))
        path[:, step:] = (tips + (alive & (step >= born))[:, None] * _direction(heading))[:, None]
    return path


def _direction(heading: Tensor) -> Tensor:
    return torch.stack([heading.sin(), heading.cos()], -1)


def _neighbours(tips: Tensor, trails: Tensor, obstacles: Tensor, foreign: Tensor) -> tuple[Tensor, Tensor]:
    """Return how foreign trails and obstacles push every tip away, and whether one is too near."""
    foe = torch.cat([foreign.new_ones(len(tips), len(obstacles)), foreign.repeat_interleave(trails.shape[1], 1)], 1)
    away = tips[:, None] - torch.cat([obstacles, trails.flatten(0, 1)])
    squared = away.square().sum(-1).clamp_min(0.1)  # square millimetres
    felt = foe & (squared < REACH**2)
    push = 12 * (away * (felt / squared.square())[..., None]).sum(1)
    return push, (felt & (squared < CLEAR**2)).any(1)


def tabulated(points: Tensor, width: Tensor) -> Sulci:
    """Return the sulci of these points, with the table of which is nearest."""
    size = int(2 * SPAN / CELL) + 1
    cells = ((points + SPAN) / CELL).round().long().clamp(0, size - 1).numpy()
    holder = np.full((size, size), -1)
    holder[cells[:, 0], cells[:, 1]] = np.arange(len(cells))
    row, column = distance_transform_edt(holder < 0, return_distances=False, return_indices=True)
    return Sulci(points, width, torch.from_numpy(holder[row, column]))


def refined(path: Tensor, factor: int = 4) -> Tensor:
    """Return paths (..., step, 2) with `factor` points in place of each, on straight lines between them."""
    weight = torch.arange(factor) / factor
    between = path[..., :-1, None, :] + weight[:, None] * (path[..., 1:, None, :] - path[..., :-1, None, :])
    return between.flatten(-3, -2)
