"""What lies around a heart that never was: skin, fat, muscle, ribs, lungs with vessels, liver, spine.

Coordinates are (y, x) in millimetres from the middle of the body, the breastbone at negative y.
"""

import torch
from torch import Tensor

from dealias.phantoms._cortex import Sulci, tabulated
from dealias.phantoms._pixel_grid import Grid
from dealias.phantoms._random_fields import Draw

# what balanced steady-state free precession shows of each tissue, about sqrt(T2 / T1)
SIGNAL = {
    "skin": 0.30,
    "fat": 0.72,
    "muscle": 0.20,
    "bone": 0.04,
    "marrow": 0.48,
    "lung": 0.05,
    "liver": 0.27,
    "spleen": 0.42,
    "fluid": 0.95,
    "blood": 0.88,
    "myocardium": 0.25,
}
HALVED = 0.5  # the table of vessels spans a head; a chest is twice as wide


def torso(grid: Grid, half: tuple[float, float], draw: Draw) -> tuple[Tensor, Tensor]:
    """Return the signal of a chest without its heart, and the depth in millimetres under the skin.

    Arguments:
        half: half-axes (y, x) of the body in millimetres.
    """
    angle = torch.atan2(grid.x / half[1], -grid.y / half[0])  # zero at the breastbone
    unit = ((grid.y / half[0]).abs() ** 2.6 + (grid.x / half[1]).abs() ** 2.6) ** (1 / 2.6)
    wave = 0.015 * draw.field(4, angle.shape) + 0.02 * torch.cos(2 * angle + draw.uniform(0.0, 6.0))
    depth = torch.hypot(grid.y, grid.x) * (1 + wave - unit) / unit.clamp_min(0.05)
    fat = draw.uniform(7.0, 13.0) + 3.0 * draw.field(5, angle.shape) + draw.uniform(0.0, 8.0) * torch.sin(angle) ** 2
    fat = fat.clamp_min(3.0) + 2.0
    wall = fat + draw.uniform(14.0, 19.0) + 3.0 * draw.field(6, angle.shape)
    septa = 1 - 0.3 * torch.exp(-(draw.texture((26, 45), angle.shape) / 0.25).square())
    fibres = 1 + 0.28 * draw.texture((30, 60, 110), angle.shape)
    image = torch.zeros_like(angle)
    for name, limit, texture in (
        ("skin", torch.zeros_like(fat), torch.ones_like(fat)),
        ("fat", torch.full_like(fat, 2.0), septa),
        ("muscle", fat, fibres),
    ):
        image = torch.lerp(image, SIGNAL[name] * texture, grid.inside(limit - depth, 0.5))
    image = _ribs(image, depth - (fat + wall) / 2, angle, grid, draw)
    organs = _organs(depth - wall, grid, half, draw)
    image = torch.lerp(image, organs, grid.inside(wall - depth, 0.5))
    return _spine(image, grid, half, draw).clamp_min_(0), depth


def _ribs(image: Tensor, across: Tensor, angle: Tensor, grid: Grid, draw: Draw) -> Tensor:
    """Return the image with ribs, cortical shells around marrow, cut through around the chest."""
    count = int(draw.uniform(11.0, 15.0))
    turn = torch.remainder(angle + draw.uniform(0.0, 1.0), 2 * torch.pi / count) - torch.pi / count
    along = turn * torch.hypot(grid.y, grid.x)
    bulk = draw.uniform(3.6, 4.8) * (torch.hypot(across / 4.2, along / draw.uniform(8.0, 11.0)) - 1)
    image = torch.lerp(image, torch.full_like(image, SIGNAL["bone"]), grid.inside(bulk, 0.4))
    spongy = SIGNAL["marrow"] * (1 + 0.2 * draw.texture((40, 80), angle.shape))
    return torch.lerp(image, spongy, grid.inside(bulk + 1.6, 0.4))


def _organs(inward: Tensor, grid: Grid, half: tuple[float, float], draw: Draw) -> Tensor:
    """Return lungs, fat between them, liver and spleen; `inward` is the depth under the chest wall."""
    shape = inward.shape
    lung = SIGNAL["lung"] * (1 + 0.4 * draw.texture((8, 30, 90, 160), shape))
    image = lung.clamp_min(0.2 * SIGNAL["lung"])
    # around the heart lies fat
    cushion = torch.hypot((grid.y - 0.05 * half[0]) / half[0], (grid.x - 0.08 * half[1]) / half[1]) * 100
    cushion = cushion - draw.uniform(38.0, 50.0) + 9 * draw.texture((4, 9, 20), shape)
    fat = SIGNAL["fat"] * (0.85 + 0.15 * draw.texture((15, 50, 120), shape))
    image = torch.lerp(image, fat, grid.inside(cushion, 1.0))
    vessels = _vessels(80, (-0.8 * half[0], -0.75 * half[1]), (0.8 * half[0], 0.8 * half[1]), (0.5, 2.0), draw)
    image = torch.lerp(image, torch.full_like(image, 0.75), 0.8 * grid.inside(_away(vessels, grid), 0.4))
    # the diaphragm: a dome under which the liver lies on one side and the spleen on the other
    dome = draw.uniform(0.38, 0.5) * half[0] + 30 * (grid.x / half[1] + 0.35).square() + 3 * draw.field(4, shape)
    tissue = SIGNAL["liver"] * (1 + 0.07 * draw.texture((6, 20, 60, 140), shape))
    tree = _vessels(14, (0.45 * half[0], -0.7 * half[1]), (0.9 * half[0], 0.2 * half[1]), (0.7, 2.6), draw)
    liver = torch.lerp(tissue, torch.full_like(tissue, 0.7), 0.8 * grid.inside(_away(tree, grid), 0.6))
    spleen = SIGNAL["spleen"] * (1 + 0.06 * draw.texture((8, 40, 120), shape))
    border = draw.uniform(0.12, 0.3) * half[1] + 5 * draw.field(4, shape) - grid.x
    below = torch.lerp(liver, spleen, grid.inside(border, 0.8))
    below = torch.lerp(below, torch.full_like(below, SIGNAL["fat"]), grid.inside(border.abs() - 2.5, 0.8))
    image = torch.lerp(image, below, grid.inside(dome - grid.y, 1.0))
    # a layer of fat lines the chest wall here and there
    lining = draw.uniform(0.5, 2.0) + 2.0 * draw.field(8, shape)
    return torch.lerp(image, torch.full_like(image, SIGNAL["fat"]), grid.inside(inward - lining, 0.5))


def _vessels(
    count: int, low: tuple[float, float], high: tuple[float, float], width: tuple[float, float], draw: Draw
) -> Sulci:
    """Return vessels that wander through a rectangle and taper, from `width` at most to nothing."""
    steps = 60
    start = torch.stack([draw.uniforms(count, a, b) for a, b in zip(low, high, strict=True)], -1)
    heading = draw.uniforms(count, 0.0, 2 * torch.pi)[:, None] + 0.16 * draw.normals(count, steps).cumsum(-1)
    path = start[:, None] + 0.8 * torch.stack([heading.sin(), heading.cos()], -1).cumsum(1)
    length = draw.uniforms(count, 0.03, 1.0)[:, None]  # the shortest are seen end on
    along = torch.arange(steps) / steps
    kept = along < length
    thick = draw.uniforms(count, *width)[:, None] * (1 - 0.7 * along / length)
    return tabulated(HALVED * path[kept], HALVED * thick[kept])


def _away(vessels: Sulci, grid: Grid) -> Tensor:
    return vessels.distance(HALVED * grid.y, HALVED * grid.x) / HALVED


def _spine(image: Tensor, grid: Grid, half: tuple[float, float], draw: Draw) -> Tensor:
    """Return the image with a vertebra and the canal behind it."""
    y, x = grid.y - draw.uniform(0.62, 0.7) * half[0], grid.x + draw.uniform(0.0, 0.2) * half[1]
    size = draw.uniform(0.85, 1.1)
    spongy = SIGNAL["marrow"] * (1 + 0.15 * draw.texture((20, 60, 120), image.shape))
    for distance, filling in (
        (30 * size * (torch.hypot(y / 34, x / 30) / size - 1), torch.full_like(image, SIGNAL["muscle"])),
        (17 * size * (torch.hypot(y / 15, x / 19) / size - 1), torch.full_like(image, SIGNAL["bone"])),
        (17 * size * (torch.hypot(y / 15, x / 19) / size - 1) + 1.8, spongy),
        (8 * size * (torch.hypot((y - 24) / 7, x / 9) / size - 1), torch.full_like(image, SIGNAL["fluid"])),
        (4 * size * (torch.hypot((y - 24) / 3.5, x / 5) / size - 1), torch.full_like(image, 0.5)),
    ):
        image = torch.lerp(image, filling, grid.inside(distance, 0.6))
    return image
