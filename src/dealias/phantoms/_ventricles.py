"""The two ventricles of a heart as they contract: outlines, muscle, blood, papillary muscles, the fat around.

Angles are counted from the middle of the septum, as seen from the centre of the left ventricle.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from dealias.phantoms._pixel_grid import Grid
from dealias.phantoms._random_fields import Draw
from dealias.phantoms._torso import SIGNAL

ANGLES = 2048  # of the tables that hold the outlines


@dataclass(frozen=True)
class Outlines:
    """Radii (frame, angle) in millimetres."""

    left: Tensor  # the left ventricle's cavity
    epicardium: Tensor  # the outside of its wall
    right: Tensor  # the right ventricle's cavity ends here; under the epicardium where there is none
    muscle: Tensor  # the outside of both ventricles
    fat: Tensor  # and of the fat around them
    twist: Tensor  # how far the muscle has turned (frame, 1), in radians


def contraction(phase: Tensor, draw: Draw) -> Tensor:
    """Return how far the heart has contracted, zero to one, at phases of the beat counted from its start.

    Systole takes the larger part of a beat, the higher the heart rate.
    """
    end = draw.uniform(0.30, 0.45)
    times = torch.tensor([0.0, 0.03, end, end + 0.05, end + 0.22, 0.88, 1.0])
    values = torch.tensor([0.0, 0.0, 1.0, 0.97, draw.uniform(0.2, 0.4), draw.uniform(0.12, 0.2), 0.0])
    phase = torch.remainder(phase, 1)
    after = torch.searchsorted(times, phase, right=True).clamp_max(len(times) - 1)
    share = (phase - times[after - 1]) / (times[after] - times[after - 1])
    return torch.lerp(values[after - 1], values[after], share * share * (3 - 2 * share))


def outlines(squeeze: Tensor, draw: Draw) -> Outlines:
    """Return the outlines in every frame."""
    angle = torch.arange(ANGLES) * (2 * torch.pi / ANGLES)
    twist = draw.uniform(0.08, 0.2) * squeeze[:, None]
    turned = angle - twist  # (frame, angle)
    local = squeeze[:, None] * (1 + 0.12 * torch.cos(angle - draw.uniform(0.0, 6.0)))

    def wavy(size: float, orders: range) -> Tensor:
        waves = [
            torch.cos(n * turned + draw.uniform(0.0, 6.3) + draw.uniform(-1.5, 1.5) * squeeze[:, None]) for n in orders
        ]
        return size * torch.stack([w * draw.uniform(0.4, 1.0) for w in waves]).sum(0)

    cavity = draw.uniform(22.0, 28.0) * (1 + wavy(0.03, range(2, 4))) * (1 - draw.uniform(0.30, 0.42) * local)
    wall = draw.uniform(7.5, 10.5) * (1 + wavy(0.05, range(1, 5))) * (1 + draw.uniform(0.3, 0.5) * local)
    epicardium = cavity + wall
    # trabeculae: another level of the heart moves into the slice as it shortens, so their pattern changes
    left = cavity + wavy(0.28, range(8, 22, 2))
    reach = draw.uniform(1.15, 1.4)
    sides = torch.atan2(turned.sin(), turned.cos())
    bump = torch.cos(sides * (torch.pi / 2 / reach)).clamp_min(0) ** 0.75 * (sides.abs() < reach)
    width = draw.uniform(26.0, 36.0) * (1 - draw.uniform(0.28, 0.42) * local)
    right = epicardium - 3 + (width + 3 + wavy(0.45, range(6, 30, 3))) * bump
    muscle = torch.maximum(epicardium, right + draw.uniform(2.6, 3.8) * (1 + 0.3 * local))
    grooves = 6 * torch.exp(-(((sides.abs() - reach) / 0.3) ** 2))
    fat = muscle + (draw.uniform(1.0, 3.0) + grooves + wavy(0.8, range(1, 12, 2))).clamp_min(0.4)
    return Outlines(left, epicardium, right, muscle, fat, twist)


def ventricles(grid: Grid, outline: Outlines, squeeze: Tensor, draw: Draw) -> tuple[Tensor, Tensor]:
    """Return the signal of the heart (frame, y, x), and how much of each pixel it covers.

    Arguments:
        grid: y towards the septum and x across, from the centre of the left ventricle, one for every frame.
    """
    radius, angle = torch.hypot(grid.y, grid.x), torch.atan2(grid.x, grid.y)
    index = (angle * (ANGLES / 2 / torch.pi)).round().long().remainder_(ANGLES).flatten(1)

    def at(table: Tensor) -> Tensor:
        return table.gather(1, index).view(radius.shape)

    epicardium, right, muscle, fat = (at(t) for t in (outline.epicardium, outline.right, outline.muscle, outline.fat))
    left = at(outline.left)
    image = SIGNAL["fat"] * (1 + 0.08 * draw.texture((20, 50), radius.shape[1:])).expand_as(radius)
    sac = (radius - muscle - 0.7 * (fat - muscle)).abs() - 0.4  # the dark line of the pericardium
    image = torch.lerp(image, torch.full_like(image, 0.15), grid.inside(sac, 0.3))
    depth = ((radius - left) / (epicardium - left)).clamp_(0, 1)
    image = torch.lerp(image, _fibres(depth, angle - outline.twist[:, None], draw), grid.inside(radius - muscle, 0.4))
    blood = _blood(squeeze, radius.shape, draw)
    image = torch.lerp(image, 1.06 * blood, grid.inside(torch.maximum(radius - right, epicardium - radius), 0.6))
    image = torch.lerp(image, blood, grid.inside(radius - left, 0.6))
    for distance, value in _strands(grid, outline, squeeze, draw):
        image = torch.lerp(image, torch.full_like(image, value), grid.inside(distance, 0.5))
    return image, grid.inside(radius - fat, 0.5)


def _fibres(depth: Tensor, angle: Tensor, draw: Draw) -> Tensor:
    """Return the signal of muscle, whose texture moves with it: darker fibres, brighter under the cavity."""
    table = draw.texture((12, 30, 70), torch.Size((24, 768)))
    table = torch.cat([table, table[:, :1]], 1)[None, None]
    around = torch.remainder(angle / torch.pi + 1, 2) - 1
    places = torch.stack([around, 2 * depth - 1], -1).flatten(0, 1)[None]
    texture = grid_sample(table, places, align_corners=True).view(depth.shape)
    return SIGNAL["myocardium"] * (1 + 0.14 * texture + 0.1 * (1 - depth))


def _blood(squeeze: Tensor, shape: torch.Size, draw: Draw) -> Tensor:
    """Return the signal of blood, which swirls: fields that change over the film and close its loop."""
    frames, rows, columns = shape
    turns = 2 * torch.pi * torch.arange(frames) / frames
    coarse = sum(
        wave * draw.normals(1, 12, 12) / order**0.5
        for order in range(1, 5)
        for wave in (torch.cos(order * turns)[:, None, None], torch.sin(order * turns)[:, None, None])
    )
    swirl = interpolate(coarse[:, None], (rows, columns), mode="bicubic", align_corners=True)[:, 0]
    inflow = 1 - draw.uniform(0.02, 0.12) * squeeze[:, None, None]
    return SIGNAL["blood"] * inflow * (1 + 0.045 * swirl)


def _strands(grid: Grid, outline: Outlines, squeeze: Tensor, draw: Draw) -> Iterator[tuple[Tensor, float]]:
    """Yield the distance from each papillary muscle, moderator band and coronary vessel, and its signal."""
    swell = 1 + 0.2 * squeeze[:, None, None]

    def place(table: Tensor, at: float, portion: float) -> tuple[Tensor, Tensor]:
        angle = at + outline.twist[:, 0]
        index = (angle * (ANGLES / 2 / torch.pi)).round().long().remainder(ANGLES)
        radius = portion * table.gather(1, index[:, None])[:, 0]
        y, x = radius * angle.cos(), radius * angle.sin()
        return grid.y - y[:, None, None], grid.x - x[:, None, None]

    muscles = [(torch.pi + side * draw.uniform(0.75, 1.15), draw.uniform(3.0, 4.6)) for side in (-1, 1)]
    thin = [(draw.uniform(0.0, 6.3), draw.uniform(0.7, 1.5)) for _ in range(4)]
    for at, size in muscles + thin:
        y, x = place(outline.left, at, draw.uniform(0.62, 0.74) if size > 2 else draw.uniform(0.8, 0.93))
        long, lean = draw.uniform(1.0, 1.5), draw.uniform(-0.5, 0.5)
        yield size * (torch.hypot(y + lean * x, (x - lean * y) / long) / swell - size) / size, SIGNAL["myocardium"]
    middle = 0.5 * (outline.epicardium + outline.right)
    for _ in range(4):
        y, x = place(middle, draw.uniform(-0.7, 0.7), draw.uniform(0.9, 1.12))
        yield torch.hypot(y, x / draw.uniform(1.0, 3.0)) - draw.uniform(0.8, 1.8) * swell, SIGNAL["myocardium"]
    for side in (-1, 1):
        y, x = place(0.5 * (outline.muscle + outline.fat), side * draw.uniform(1.15, 1.4), 1.0)
        yield torch.hypot(y, x) - draw.uniform(1.2, 1.9), SIGNAL["blood"]
