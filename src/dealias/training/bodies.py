"""Bodies whose susceptibility is drawn at random: a head, and heaps of ellipsoids and cuboids."""

from dataclasses import dataclass

import torch
from torch import Tensor

from dealias.phantoms._deformation import nearest, smooth
from dealias.phantoms._head_volume import HALF, labelled
from dealias.phantoms._shapes import Canvas
from dealias.phantoms.susceptibility import CHI
from dealias.training._random_numbers import integer, logarithmic, uniform

EDGE = 112  # millimetres of a cube of shapes
SHAPES = 90  # in it, at the most
VARIATION, TAIL = 0.3, 0.7  # of a tissue from body to body, as a share; of how far shapes differ, in the logarithm
TEXTURE = 0.015  # parts per million, within one tissue


@dataclass(frozen=True)
class Body:
    """Where tissues lie, and what their susceptibility is in the mean of all bodies.

    Arguments:
        labels: of the tissues (z, y, x), one voxel a millimetre.
        inside: where susceptibility is looked for.
        chi: of each label, in parts per million.
        spread: how far a label's susceptibility may differ from that, whatever it is.
    """

    labels: Tensor
    inside: Tensor
    chi: Tensor
    spread: float

    def drawn(self, places: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return labels and susceptibility (z, y, x) of one such body, and where it is inside.

        Arguments:
            places: (3, z, y, x), in millimetres from the corner.
        """
        labels, there = nearest(self.labels, places)
        inside = nearest(self.inside, places)[0] & there
        labels = labels.long()
        one, other, tail, rough = torch.randn(4, len(self.chi), generator=generator)
        values = self.chi * (1 + VARIATION * one) + self.spread * other * (TAIL * tail).exp()
        texture = smooth(labels.shape, integer(4, 24, generator), generator)[0]
        return labels, values[labels] + TEXTURE * rough.abs()[labels] * texture, inside


def bodies(count: int) -> list[Body]:
    """Return a head and so many heaps of shapes."""
    return [head(), *(heap(seed) for seed in range(count))]


def head() -> Body:
    """Return the head of `dealias.phantoms.susceptibility`."""
    z, y, x = (torch.arange(-round(h) - 4.0, round(h) + 5.0) for h in HALF)
    labels, inside = labelled((z, y, x))
    return Body(labels, inside, torch.tensor([0.0, *CHI]), 0.015)


def heap(seed: int) -> Body:
    """Return ellipsoids and cuboids of all sizes, each painted over those before it."""
    generator = torch.Generator().manual_seed(seed)
    axis = torch.arange(float(EDGE))
    canvas = Canvas(torch.zeros((EDGE,) * 3, dtype=torch.uint8), (axis, axis, axis))
    count = integer(SHAPES // 6, SHAPES, generator)
    largest = uniform(8, 40, generator)
    for label in range(1, count + 1):
        size = logarithmic(1.5, largest, generator)
        centre = [uniform(0, EDGE, generator) for _ in range(3)]
        half = [size * uniform(0.5, 1.5, generator) for _ in range(3)]
        if uniform(0, 1, generator) < 0.6:
            canvas.ellipsoid(label, (centre[0], centre[1], centre[2]), (half[0], half[1], half[2]))
        else:
            box = tuple(slice(max(0, round(c - h)), max(0, round(c + h))) for c, h in zip(centre, half, strict=True))
            canvas.labels[box] = label
    return Body(canvas.labels, torch.ones_like(canvas.labels, dtype=torch.bool), torch.zeros(count + 1), 0.06)
