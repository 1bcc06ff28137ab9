"""An axial slice through a head that never was: scalp, skull, folded cortex, ventricles, deep grey matter.

Tissues shine by the spin-echo equation PD (1 - exp(-TR/T1)) exp(-TE/T2), with TR and TE of a T1- or
T2-weighted scan. A pixel is the mean of a finer grid, which gives partial volumes.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from dealias.errors import UserError
from dealias.phantoms._cortex import Sulci, grow_sulci, refined, tabulated
from dealias.phantoms._pixel_grid import Grid
from dealias.phantoms._random_fields import Draw
from dealias.shapes import Image

# proton density, T1 and T2 in milliseconds at 3 tesla; fat's T2 is the long one that echo trains show
TISSUES = {
    "skin": (0.70, 900.0, 55.0),
    "fat": (0.85, 400.0, 125.0),
    "muscle": (0.75, 1300.0, 38.0),
    "bone": (0.06, 900.0, 20.0),
    "marrow": (0.50, 500.0, 60.0),
    "csf": (1.00, 4000.0, 900.0),
    "grey": (0.82, 1450.0, 98.0),
    "white": (0.73, 760.0, 73.0),
    "deep": (0.79, 1150.0, 84.0),
    "iron": (0.74, 900.0, 58.0),
    "blood": (0.10, 1600.0, 60.0),
}


def head(shape: Sequence[int] = (256, 256), *, seed: int = 0) -> Image:
    """Return a complex head (y, x) of maximum magnitude 1, free of noise, its air zero; each seed another.

    Arguments:
        shape: rows and columns.
        seed: decides on anatomy, position, contrast, shading and phase.
    """
    if len(shape) != 2 or min(shape) < 1:
        raise UserError(f"a head of shape {tuple(shape)} cannot be drawn; give two positive sizes (y, x)")
    rows, columns = int(shape[0]), int(shape[1])
    draw = Draw(seed)
    fine = max(2, -(-400 // max(rows, columns)))
    grid = _placed((rows * fine, columns * fine), draw)
    signal = _contrast(draw)
    half = torch.tensor([draw.uniform(78.0, 86.0), draw.uniform(62.0, 70.0)])
    image, depth = _shells(grid, half, signal, draw)
    image = _brain(image, depth, grid, half, signal, draw)
    image = image * _shading(grid, draw)
    image = avg_pool2d(image[None, None], fine)[0, 0]
    turns = draw.uniform(0.1, 1.0) * draw.field(2, image.shape) + draw.uniform(0.0, 2.0)
    return torch.polar(image / image.max().clamp_min(torch.finfo(image.dtype).tiny), torch.pi * turns)


def _placed(shape: tuple[int, int], draw: Draw) -> Grid:
    """Return a grid on which the head lies somewhat off, tilted and bent."""
    pixel = max(206 / shape[0], 172 / shape[1]) * draw.uniform(1.0, 1.15)
    y, x = (pixel * (torch.arange(n) - (n - 1) / 2) for n in shape)
    tilt = torch.tensor(draw.uniform(-0.12, 0.12))
    down, right = y[:, None] + draw.uniform(-3.0, 3.0), x + draw.uniform(-3.0, 3.0)
    y, x = down * tilt.cos() - right * tilt.sin(), down * tilt.sin() + right * tilt.cos()
    bend = [draw.field(3, y.shape) * 1.1 + draw.field(9, y.shape) * 0.6 for _ in range(2)]
    return Grid(y + bend[0], x + bend[1], pixel)


def _contrast(draw: Draw) -> dict[str, float]:
    """Return the signal of every tissue."""
    t2_weighted = draw.uniform(0.0, 1.0) > 0.4
    repetition = draw.uniform(3500.0, 6500.0) if t2_weighted else draw.uniform(350.0, 650.0)
    echo = draw.uniform(75.0, 115.0) if t2_weighted else draw.uniform(8.0, 15.0)
    pd, t1, t2 = torch.tensor(list(TISSUES.values())).unbind(1)
    spread = torch.exp(0.025 * draw.normals(3, len(pd)))
    strength = pd * spread[0] * (1 - torch.exp(-repetition / t1 * spread[1])) * torch.exp(-echo / t2 * spread[2])
    return dict(zip(TISSUES, strength.tolist(), strict=True))


def _shells(grid: Grid, half: Tensor, signal: dict[str, float], draw: Draw) -> tuple[Tensor, Tensor]:
    """Return scalp, skull and fluid, and the depth (millimetres) under the surface of the brain."""
    angle = torch.atan2(grid.x / half[1], -grid.y / half[0])  # zero in front
    radius = torch.hypot(grid.y, grid.x)
    unit = torch.hypot(grid.y / half[0], grid.x / half[1])
    wave = torch.zeros_like(angle)
    for order, size in ((1, 0.008), (2, 0.012), (3, 0.006), (4, 0.005), (6, 0.002)):
        even, odd = (size * draw.normals(2)).tolist()
        wave += even * torch.cos(order * angle) + 0.3 * odd * torch.sin(order * angle)
    wave -= 0.035 * torch.cos(angle)  # broad behind
    depth = radius * (1 + wave - unit) / unit.clamp_min(0.02)
    rough = [draw.field(count, angle.shape) for count in (5, 8, 12)]
    fluid = draw.uniform(0.3, 1.6) + 0.5 * rough[1]
    inner = fluid.clamp_min(0.4) + 1.8
    diploe = (draw.uniform(1.5, 3.0) + 0.7 * rough[0] + 0.5 * rough[1]).clamp_min(0)
    outer = inner + diploe + 1.8 + 0.2 * rough[1]
    temporal = torch.exp(-(((angle.abs() - 1.1) / 0.55) ** 2)) * draw.uniform(0.5, 3.0)
    fat = outer + 0.8 + temporal
    skin = fat + (draw.uniform(2.0, 5.0) + 0.5 * rough[0] - 1.2 * torch.cos(angle)).clamp_min(0.8)
    air = skin + draw.uniform(1.4, 2.2)
    septa = 1 - 0.35 * torch.exp(-(draw.texture((24, 40), angle.shape) / 0.25).square())
    fibres = 1 + 0.25 * draw.texture((30, 60, 110), angle.shape)
    spongy = 1 + 0.35 * draw.texture((25, 50, 100), angle.shape)
    image = torch.zeros_like(angle)
    for name, limit, texture in (
        ("skin", air, 1.0),
        ("fat", skin, septa),
        ("muscle", fat, fibres),
        ("bone", outer, 1.0),
        ("marrow", inner + diploe, spongy),
        ("bone", inner, 1.0),
        ("csf", fluid, 1.0),
    ):
        image = torch.lerp(image, signal[name] * texture + torch.zeros_like(image), grid.inside(-depth - limit, 0.3))
    return image.clamp_min(0), depth


def _folds(half: Tensor, high: bool, draw: Draw) -> Sulci:
    """Return the sulci of the convexity and of the midline, the midline itself and the Sylvian fissures."""
    # the corpus callosum bridges the midline
    front, rear = half[0].item() * draw.uniform(0.42, 0.52), half[0].item() * draw.uniform(0.38, 0.5)
    if high:
        front, rear = 0.0, 0.0
    reach = torch.cat([torch.arange(-half[0].item(), -front, 0.25), torch.arange(rear, half[0].item(), 0.25)])
    midline = torch.stack([reach, 1.0 * torch.sin(reach / draw.uniform(9.0, 15.0))], -1)
    deep = midline if high else torch.cat([midline, *(_sylvian(side, half, draw) for side in (-1, 1))])
    count = int(draw.uniform(32.0, 42.0))
    angle = (torch.arange(count) + draw.uniforms(count, -0.3, 0.3)) * (2 * torch.pi / count)
    surface = torch.stack([-half[0] * angle.cos(), half[1] * angle.sin()], -1)
    inwards = surface.clone()
    inwards[:, 0] -= inwards[:, 0].clamp(-30, 30)
    side = torch.tensor([-1.0, 1.0]).repeat_interleave(8)
    medial = reach[(torch.arange(0.5, 8) / 8 * len(reach)).long()].repeat(2) + draw.uniforms(16, -2.0, 2.0)
    starts = torch.cat([surface, torch.stack([medial, 0 * side], -1)])
    headings = torch.cat([torch.atan2(-inwards[:, 0], -inwards[:, 1]), torch.atan2(0 * side, side)])
    headings = headings + 0.35 * draw.normals(len(headings))
    lengths = torch.cat([draw.uniforms(count, 14.0, 40.0), draw.uniforms(len(side), 10.0, 24.0)])
    core = half * (0.02 if high else torch.tensor([0.58, 0.5]))
    cleft = refined(grow_sulci(starts, headings, lengths, deep[::8], core, draw.generator))
    along = torch.linspace(0, 1, cleft.shape[1])
    width = draw.uniform(0.2, 0.5) + draw.uniforms(len(cleft), 0.0, 0.5)[:, None] * (1 - 0.5 * along)
    wide = torch.full((len(deep),), draw.uniform(0.4, 0.9))
    return tabulated(torch.cat([cleft.flatten(0, 1), deep]), torch.cat([width.flatten(), wide]))


def _sylvian(side: int, half: Tensor, draw: Draw) -> Tensor:
    """Return points of the fissure that leads to the insula on one side: a T lying down."""
    door, floor, y = half[1].item(), draw.uniform(35.0, 40.0), draw.uniform(-14.0, 2.0)
    corners = [(y + 8, door), (y + 3, door - 12), (y, floor + 2), (y - draw.uniform(9.0, 14.0), floor - 3)]
    corners += [(y, floor + 2), (y + draw.uniform(12.0, 20.0), floor + 2)]
    path = refined(torch.tensor(corners), 60)
    pace, shift = draw.uniforms(2, 0.15, 0.3), draw.uniforms(2, 0.0, 6.0)
    return (path + 1.6 * torch.sin(path.flip(-1) * pace + shift)) * torch.tensor([1.0, side])


def _brain(image: Tensor, depth: Tensor, grid: Grid, half: Tensor, signal: dict[str, float], draw: Draw) -> Tensor:
    """Return the image with the brain in its fluid."""
    high = draw.uniform(0.0, 1.0) < 0.25  # above the ventricles
    sulci = _folds(half, high, draw)
    folds = sulci.distance(grid.y, grid.x)
    # a smooth minimum rounds the crowns of the gyri
    round_off = (4 - (folds - depth).abs()).clamp_min(0) / 4
    pial = torch.minimum(folds, depth) - round_off.square()
    ribbon = draw.uniform(2.6, 3.4) + 0.35 * draw.field(14, depth.shape)
    soft = 1 + 0.045 * draw.texture((6, 14, 40, 90, 160), depth.shape)
    white = signal["white"] * (soft + 0.05 * draw.field(5, depth.shape))
    grey = signal["grey"] * soft
    tissue = torch.lerp(grey, white, grid.inside(ribbon - pial, 0.8))
    if not high:
        tissue = _deep(tissue, grid, signal, draw, soft)
    image = torch.lerp(image, tissue, grid.inside(-pial, 0.2) * (depth > -1))
    vessels = _vessels(sulci, half, draw).distance(grid.y, grid.x)
    return torch.lerp(image, torch.full_like(image, signal["blood"]), grid.inside(vessels, 0.2) * (depth > -3))


def _vessels(sulci: Sulci, half: Tensor, draw: Draw) -> Sulci:
    """Return arteries and veins that pass through the slice: dots in the clefts, and the sagittal sinus."""
    count = int(draw.uniform(15.0, 40.0))
    chosen = torch.randint(len(sulci.points), (count,), generator=draw.generator)
    ends = torch.tensor([-1.0, 1.0]) * (half[0] + 1.5)
    sinus = torch.stack([ends, torch.zeros(2)], -1)
    widths = torch.cat([draw.uniforms(count, 0.3, 0.9), draw.uniforms(2, 1.2, 2.8)])
    return tabulated(torch.cat([sulci.points[chosen], sinus]), widths)


def _deep(tissue: Tensor, grid: Grid, signal: dict[str, float], draw: Draw, soft: Tensor) -> Tensor:
    """Return the tissue with deep nuclei and ventricles."""
    size = draw.uniform(0.75, 1.3)
    far = torch.hypot(grid.x - draw.uniform(-1.0, 1.0), torch.tensor(0.6))  # both sides at once, smooth at the midline
    lean = draw.uniform(-0.04, 0.04)
    y, x = grid.y + lean * grid.x, far * (1 + lean * grid.x.sign())

    def ellipse(centre: tuple[float, float], half: tuple[float, float], turn: float) -> Tensor:
        c, s = torch.tensor(turn).cos(), torch.tensor(turn).sin()
        v, u = y - centre[0], x - centre[1]
        v, u = c * v + s * u, c * u - s * v
        return (torch.hypot(v / half[0], u / half[1]) - 1) * min(half)

    def horn(points: Sequence[tuple[float, float, float]]) -> Tensor:
        parts = []
        for (ya, xa, ra), (yb, xb, rb) in zip(points, points[1:], strict=False):
            along = ((y - ya) * (yb - ya) + (x - xa) * (xb - xa)) / ((yb - ya) ** 2 + (xb - xa) ** 2)
            t = along.clamp(0, 1)
            parts.append(torch.hypot(y - ya - t * (yb - ya), x - xa - t * (xb - xa)) - ra - t * (rb - ra))
        return -1.5 * torch.logsumexp(torch.stack(parts) / -1.5, 0)  # a smooth minimum

    for name, distance in (
        ("deep", ellipse((-20.0, 11.5), (9.0, 5.0), -0.25)),
        ("deep", ellipse((-5.0, 24.0), (16.0, 5.5), -0.28)),
        ("iron", ellipse((-2.0, 18.0), (9.0, 3.4), -0.35)),
        ("deep", ellipse((9.0, 9.5), (11.0, 7.5), 0.5)),
    ):
        tissue = torch.lerp(tissue, signal[name] * soft, grid.inside(distance, 1.2))
    front = horn(
        ((-34.0, 8 + 4 * size, 1.4 * size), (-27.0, 7.0, 2.6 * size), (-16.0, 4.5, 2.2 * size), (-3.0, 3.0, 0.6))
    )
    rear = horn(((14.0, 13.0, 1.2 * size), (24.0, 20.0, 4.2 * size), (37.0, 23.0, 2.2 * size), (48.0, 19.0, 0.3)))
    third = horn(((4.0, 0.6, 0.6 * size), (17.0, 0.6, 1.3 * size)))
    cistern = horn(((27.0, 0.6, 1.8), (28.0, 5.0, 1.0)))
    fluid = torch.stack([front, rear, third, cistern]).amin(0)
    plexus = ellipse((25.0, 19.5), (4.0, 1.6 * size), 0.5)
    tissue = torch.lerp(tissue, torch.full_like(tissue, signal["csf"]), grid.inside(fluid, 0.2))
    return torch.lerp(tissue, signal["grey"] * soft, grid.inside(plexus, 0.8))


def _shading(grid: Grid, draw: Draw) -> Tensor:
    """Return the receive sensitivity of an array around the head: brighter near its surface."""
    y, x = grid.y / 95, grid.x / 78
    around = 1 + draw.uniform(0.1, 0.45) * (y.square() + x.square())
    return around * (1 + draw.uniform(-0.2, 0.2) * y + draw.uniform(-0.15, 0.15) * x)
