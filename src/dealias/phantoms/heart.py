"""A beating heart that never was, in short-axis view: two ventricles in a chest, with smooth phase.

The left ventricle's wall thickens around its cavity as it contracts and its fibres turn, papillary muscles
and trabeculae close in, the right ventricle's free wall nears the septum, what lies around is pulled along.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample

from dealias.errors import UserError
from dealias.phantoms._pixel_grid import Grid
from dealias.phantoms._random_fields import Draw
from dealias.phantoms._torso import SIGNAL, torso
from dealias.phantoms._ventricles import contraction, outlines, ventricles
from dealias.shapes import Image

FARTHEST = 84.0  # millimetres from the centre of the left ventricle, that no heart here exceeds


def heart(shape: Sequence[int] = (30, 256, 256), *, seed: int = 0, breathing: float = 0.0, beats: float = 1.0) -> Image:
    """Return a complex film (time, y, x) of maximum magnitude 1, free of noise, its air zero; each seed another.

    Arguments:
        shape: frames, rows and columns.
        seed: decides on anatomy, position, heart rate, first phase of the beat, contrast, shading and phase.
        breathing: how far the diaphragm moves, in millimetres; a breath takes three to five beats.
        beats: how many the frames show; a whole number closes the loop, but for breathing.

    Raises:
        UserError: for a shape that cannot be drawn.
    """
    if len(shape) != 3 or min(shape) < 1:
        raise UserError(f"a heart of shape {tuple(shape)} cannot be drawn; give three positive sizes (time, y, x)")
    frames, rows, columns = (int(n) for n in shape)
    draw = Draw(seed)
    half = (draw.uniform(104.0, 122.0), draw.uniform(120.0, 142.0))
    pixel = max(2.02 * half[0] / rows, 2.0 * half[1] / columns) * draw.uniform(1.0, 1.12)
    centre = (draw.uniform(-20.0, -8.0), draw.uniform(14.0, 28.0))
    time = draw.uniform(0.0, 1.0) + beats * torch.arange(frames) / frames
    squeeze = contraction(time, draw)
    breath = breathing * torch.sin(torch.pi * (time / draw.uniform(3.0, 5.0) + draw.uniform(0.0, 1.0))).square()
    grid = _grid(rows, columns, pixel, 1)
    image = _chest(grid, half, centre, squeeze, breath, draw)
    image = _with_heart(image, grid, centre, squeeze, breath, draw)
    image = image * _shading(grid, half, draw)
    image = image / image.max().clamp_min(torch.finfo(image.dtype).tiny)
    return torch.polar(image, _phase(image.shape, draw))


def _grid(rows: int, columns: int, pixel: float, fine: int) -> Grid:
    """Return the centres of pixels that are `fine` times smaller, about the middle of the body."""
    y, x = ((torch.arange(n * fine) - (n * fine - 1) / 2) * (pixel / fine) for n in (rows, columns))
    return Grid(y[:, None].expand(-1, len(x)), x.expand(len(y), -1), pixel / fine)


def _chest(
    grid: Grid, half: tuple[float, float], centre: tuple[float, float], squeeze: Tensor, breath: Tensor, draw: Draw
) -> Tensor:
    """Return the chest (time, y, x) without its heart, pulled by the heart and moved by breathing."""
    rows, columns = grid.y.shape
    fine = max(2, -(-420 // max(rows, columns)))
    still, depth = torso(_grid(rows, columns, grid.edge, fine), half, draw)
    still = avg_pool2d(still[None, None], fine, stride=1)
    depth = avg_pool2d(depth[None, None], fine)[0, 0]
    # neither the chest wall nor the spine moves
    spine = torch.hypot((grid.y - 0.75 * half[0]) / 32, (grid.x + 0.1 * half[1]) / 30)
    free = ((depth - 20) / 20).clamp(0, 1) * (spine - 1).clamp(0, 1)
    y, x = grid.y - centre[0], grid.x - centre[1]
    radius = torch.hypot(y, x).clamp_min(1)
    pull = draw.uniform(2.5, 5.0) * free * torch.exp(-((radius / 75) ** 2)) / radius
    down = grid.y + squeeze[:, None, None] * (pull * y) - breath[:, None, None] * free
    right = grid.x + squeeze[:, None, None] * (pull * x) - breath[:, None, None] * (0.1 * free)
    extent = [n * grid.edge / fine / 2 for n in still.shape[-2:]]
    places = torch.stack([right / extent[1], down / extent[0]], -1)
    image = grid_sample(still.expand(len(squeeze), -1, -1, -1), places, padding_mode="border", align_corners=False)[
        :, 0
    ]
    # the aorta swells after the heart contracts
    aorta = (draw.uniform(0.42, 0.52) * half[0], draw.uniform(0.14, 0.26) * half[1])
    pulse = squeeze.roll(max(1, len(squeeze) // 10))[:, None, None]
    edge = torch.hypot(grid.y - aorta[0], grid.x - aorta[1]) - draw.uniform(9.5, 12.5) * (1 + 0.07 * pulse)
    image = torch.lerp(image, image.new_tensor(0.12), grid.inside(edge.abs() - 0.5, 0.5))
    return torch.lerp(image, SIGNAL["blood"] * (1 - draw.uniform(0.05, 0.25) * pulse), grid.inside(edge, 0.5))


def _with_heart(
    image: Tensor, grid: Grid, centre: tuple[float, float], squeeze: Tensor, breath: Tensor, draw: Draw
) -> Tensor:
    """Return the film with the heart in it, drawn on finer pixels than the film's."""
    rows, columns = grid.y.shape
    fine = max(1, round(300 / max(rows, columns)))
    reach = FARTHEST + float(breath.max())
    low_y, high_y = _within(grid.y[:, 0] - centre[0], reach)
    low_x, high_x = _within(grid.x[0] - centre[1], reach)
    box = _grid(rows, columns, grid.edge, fine)
    part = (slice(low_y * fine, high_y * fine), slice(low_x * fine, high_x * fine))
    y = box.y[part] - centre[0] - 0.8 * breath[:, None, None]
    x = box.x[part] - centre[1] - 0.1 * breath[:, None, None]
    turn = torch.tensor(draw.uniform(0.2, 0.8))  # the septum is on the left, somewhat up
    local = Grid(-y * turn.sin() - x * turn.cos(), y * turn.cos() - x * turn.sin(), box.edge)
    drawn, cover = ventricles(local, outlines(squeeze, draw), squeeze, draw)
    drawn, cover = avg_pool2d((drawn * cover)[:, None], fine)[:, 0], avg_pool2d(cover[:, None], fine)[:, 0]
    image = image.clone()
    inside = image[:, low_y:high_y, low_x:high_x]
    inside.mul_(1 - cover).add_(drawn)
    return image


def _within(positions: Tensor, reach: float) -> tuple[int, int]:
    """Return the range of indices whose positions are no farther than `reach`, one index at least."""
    near = (positions.abs() <= reach).nonzero()
    if not len(near):
        return 0, 1
    return int(near[0]), int(near[-1]) + 1


def _shading(grid: Grid, half: tuple[float, float], draw: Draw) -> Tensor:
    """Return the sensitivity of coils on the chest and the back: brighter near them."""
    y, x = grid.y / half[0], grid.x / half[1]
    around = 1 + draw.uniform(0.05, 0.35) * (y.square() + x.square())
    return around * (1 + draw.uniform(-0.3, 0.1) * y + draw.uniform(-0.15, 0.15) * x)


def _phase(shape: torch.Size, draw: Draw) -> Tensor:
    """Return the phase in radians: smooth, and drifting a little over the film."""
    still = draw.uniform(0.1, 0.4) * draw.field(2, shape[1:]) + 0.06 * draw.field(5, shape[1:])
    drift = torch.sin(2 * torch.pi * (torch.arange(shape[0]) / shape[0] + draw.uniform(0.0, 1.0)))
    return torch.pi * (still + 0.03 * drift[:, None, None] * draw.field(2, shape[1:]) + draw.uniform(0.0, 2.0))
