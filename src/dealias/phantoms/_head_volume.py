"""A head in three dimensions as labels: scalp, skull, sinuses, folded cortex, ventricles, deep nuclei, veins."""

import torch
from torch import Tensor

from dealias.phantoms._shapes import Canvas, Knot

NAMES = (
    "outside",
    "caudate",
    "pallidum",
    "putamen",
    "red nucleus",
    "dentate nucleus",
    "substantia nigra",
    "thalamus",
    "white matter",
    "grey matter",
    "fluid",
    "blood",
    "fat",
    "bone",
    "air",
    "muscle",
    "calcification",
)
(
    OUTSIDE,
    CAUDATE,
    PALLIDUM,
    PUTAMEN,
    RED,
    DENTATE,
    NIGRA,
    THALAMUS,
    WHITE,
    GREY,
    FLUID,
    BLOOD,
    FAT,
    BONE,
    AIR,
    MUSCLE,
    CALCIFICATION,
) = range(len(NAMES))
HALF = (80.0, 94.0, 76.0)  # millimetres from the middle to the skin along z, y, x
SCALP, SKULL = 6.0, 12.0  # millimetres under the skin where the bone and where the cavity of the brain begin
SINUSES = (((-20.0, -85.0, 0.0), (6.0, 5.0, 12.0)), ((-46.0, -40.0, 0.0), (10.0, 20.0, 13.0)))
MASTOID = ((-50.0, 22.0, 50.0), (7.0, 7.0, 6.0))


def labelled(axes: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Return the labels (z, y, x), and where the cavity of the brain is.

    Arguments:
        axes: the places of the voxels along each axis, in millimetres from the middle of the head.
    """
    canvas = Canvas(torch.zeros([len(axis) for axis in axes], dtype=torch.uint8), axes)
    z, y, x = canvas.grid()
    under = _depth(z, y, x)
    base = -45 - 15 * torch.tanh(y / 25)  # the floor of the skull is higher in front
    inside = torch.minimum(under - SKULL, 0.9 * (z - base))
    for sign in (-1, 1):
        inside = torch.minimum(inside, _gap(z, y, x, (*MASTOID[0][:2], sign * MASTOID[0][2]), MASTOID[1]) - 4)
    labels = canvas.labels
    labels[under > 0] = FAT
    labels[(under > 3) & (z < 15) & (x.abs() > 45)] = MUSCLE
    labels[under > SCALP] = BONE
    labels[(under > SCALP) & (z < base - 6)] = MUSCLE
    _brain(canvas, inside)
    _deep(canvas)
    _vessels(canvas, inside)
    labels[(inside <= 0) & (labels != BONE) & (labels != MUSCLE) & (labels != FAT) & (under > 0)] = BONE
    for centre, half in SINUSES:
        canvas.ellipsoid(AIR, centre, half)
    canvas.both(AIR, *MASTOID)
    labels[labels == OUTSIDE] = AIR
    return labels, inside > 0


def _depth(z: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Return about how many millimetres a place lies under the skin."""
    radius = (z.square() + y.square() + x.square()).sqrt()
    unit = ((z / HALF[0]).square() + (y / HALF[1]).square() + (x / HALF[2]).square()).sqrt().clamp_min(0.02)
    return radius * (1 / unit - 1) + 60 * (unit < 0.03)


def _gap(
    z: Tensor, y: Tensor, x: Tensor, centre: tuple[float, float, float], half: tuple[float, float, float]
) -> Tensor:
    """Return about how many millimetres a place lies outside an ellipsoid."""
    unit = ((z - centre[0]) / half[0]).square() + ((y - centre[1]) / half[1]).square()
    return ((unit + ((x - centre[2]) / half[2]).square()).sqrt() - 1) * min(half)


def _brain(canvas: Canvas, inside: Tensor) -> None:
    """Paint fluid, folded cortex and white matter, the cerebellum and the brain stem."""
    z, y, x = canvas.grid()
    turn = 2 * torch.pi
    fold = torch.sin(turn * (x / 17 + 0.21 * torch.sin(turn * z / 31)))
    fold = fold + torch.sin(turn * (y / 19 + 0.18 * torch.sin(turn * x / 27)))
    fold = (fold + torch.sin(turn * (z / 18 + 0.19 * torch.sin(turn * y / 29)))) / 3
    fluid = 1.8 + 18 * (fold - 0.42).clamp_min(0)
    labels = canvas.labels
    labels[inside > 0] = FLUID
    labels[inside > fluid] = GREY
    labels[inside > fluid + 3.2 + 3 * fold.clamp_min(0)] = WHITE
    cleft = (inside > 0) & (z > 26)
    labels[cleft & (x.abs() < 4.0) & (labels == WHITE)] = GREY
    labels[cleft & (x.abs() < 1.0)] = FLUID
    behind = _gap(z, y, x, (-40.0, 40.0, 0.0), (20.0, 27.0, 44.0))
    part = (inside > 1.5) & (behind < 2) & (z < -18)
    labels[part] = FLUID
    labels[part & (behind < 0)] = GREY
    stripes = 2.5 * torch.sin(turn * z / 8).square()
    labels[part & (behind < -3.0 - stripes)] = WHITE
    stem = (x.square() + (y - 8 + 0.12 * z).square()) < 11.0**2
    labels[stem & (z < -8) & (inside > 1.5)] = WHITE


def _deep(canvas: Canvas) -> None:
    """Paint ventricles and nuclei."""
    lateral: list[Knot] = [(16.0, -32.0, 8.0, 3.5), (20.0, -8.0, 9.0, 4.5), (18.0, 22.0, 15.0, 5.0)]
    lateral.append((8.0, 40.0, 22.0, 3.0))
    canvas.tubes(FLUID, lateral)
    canvas.ellipsoid(FLUID, (-37.0, 23.0, 0.0), (8.0, 4.5, 5.0))
    canvas.both(THALAMUS, (5.0, 9.0, 11.0), (9.0, 13.0, 8.0))
    canvas.ellipsoid(FLUID, (3.0, 3.0, 0.0), (9.0, 11.0, 2.4))
    canvas.both(CAUDATE, (11.0, -23.0, 15.0), (8.0, 9.0, 5.0))
    canvas.tubes(CAUDATE, [(14.0, -20.0, 16.5, 4.0), (23.0, 0.0, 19.0, 3.0), (19.0, 22.0, 23.0, 2.5)])
    canvas.both(PUTAMEN, (2.0, -8.0, 27.0), (10.0, 16.0, 6.0))
    canvas.both(PALLIDUM, (0.0, -4.0, 19.5), (7.0, 9.0, 4.5))
    canvas.both(RED, (-13.0, 7.0, 6.5), (4.5, 4.0, 4.0))
    canvas.both(NIGRA, (-15.0, 0.0, 11.0), (4.0, 6.5, 4.0))
    canvas.both(DENTATE, (-40.0, 36.0, 15.0), (5.5, 8.0, 5.5))
    canvas.ellipsoid(CALCIFICATION, (24.0, -38.0, -25.0), (4.0, 5.0, 4.0))


def _vessels(canvas: Canvas, inside: Tensor) -> None:
    """Paint veins, and what of them would lie in the bone not."""
    before = canvas.labels.clone()
    angles = torch.linspace(-0.9, 2.2, 24)
    rim = [(h - SKULL - 3.5) for h in HALF[:2]]
    sinus = [(rim[0] * float(a.cos()), rim[1] * float(a.sin()), 0.0, 2.6) for a in angles]
    canvas.tube(BLOOD, sinus)
    canvas.tube(BLOOD, [(8.0, 22.0, 0.0, 2.0), (0.0, 32.0, 0.0, 2.2), (-17.0, 64.0, 0.0, 2.6)])
    canvas.tubes(BLOOD, [(9.0, -9.0, 2.5, 1.0), (14.0, 6.0, 3.0, 1.3), (8.0, 22.0, 1.0, 1.6)])
    canvas.tubes(BLOOD, [(9.0, -9.0, 2.5, 1.0), (17.0, -14.0, 10.0, 1.0), (29.0, -18.0, 26.0, 0.8)])
    canvas.tubes(BLOOD, [(-14.0, -8.0, 18.0, 1.2), (-9.0, 12.0, 20.0, 1.3), (4.0, 27.0, 3.0, 1.5)])
    canvas.tubes(BLOOD, [(58.0, -10.0, 10.0, 1.6), (50.0, -12.0, 26.0, 1.4), (30.0, -14.0, 45.0, 1.2)])
    canvas.tubes(BLOOD, [(50.0, 34.0, 8.0, 1.6), (42.0, 34.0, 26.0, 1.4), (24.0, 38.0, 42.0, 1.2)])
    outside = (canvas.labels == BLOOD) & (inside <= 0)
    canvas.labels[outside] = before[outside]
