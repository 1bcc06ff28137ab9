"""Ellipsoids and tubes in a volume of labels, painted one over the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Point = tuple[float, float, float]
Knot = tuple[float, float, float, float]  # a point and the radius of a tube there


@dataclass(frozen=True)
class Canvas:
    """Labels (z, y, x), and where the voxels lie in millimetres from the middle of the head.

    Arguments:
        axes: the places along each axis; z counts to the top of the head, y to its back, x to its left.
    """

    labels: Tensor
    axes: tuple[Tensor, Tensor, Tensor]

    def grid(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return z, y, x, each so that they broadcast to the volume."""
        z, y, x = self.axes
        return z[:, None, None], y[:, None], x

    def ellipsoid(self, label: int, centre: Point, half: Point) -> None:
        """Paint an ellipsoid with these half-axes."""
        pairs = [*zip(centre, half, strict=True)]
        part, (z, y, x) = self._part([c - h for c, h in pairs], [c + h for c, h in pairs])
        unit = ((z - centre[0]) / half[0]).square() + ((y - centre[1]) / half[1]).square()
        part[unit + ((x - centre[2]) / half[2]).square() < 1] = label

    def tube(self, label: int, knots: Sequence[Knot]) -> None:
        """Paint a tube along straight pieces between knots, whose radius changes evenly from one to the next."""
        for (*a, thick), (*b, thin) in zip(knots, knots[1:], strict=False):
            wide = max(thick, thin)
            low, high = (
                [min(p, q) - wide for p, q in zip(a, b, strict=True)],
                [max(p, q) + wide for p, q in zip(a, b, strict=True)],
            )
            part, places = self._part(low, high)
            step = [q - p for p, q in zip(a, b, strict=True)]
            along = sum((r - p) * d for r, p, d in zip(places, a, step, strict=True))
            t = (torch.as_tensor(along) / sum(d * d for d in step)).clamp(0, 1)
            apart = sum((r - p - t * d).square() for r, p, d in zip(places, a, step, strict=True))
            part[torch.as_tensor(apart) < (thick + t * (thin - thick)).square()] = label

    def both(self, label: int, centre: Point, half: Point) -> None:
        """Paint an ellipsoid on the left and its mirror image on the right."""
        z, y, x = centre
        self.ellipsoid(label, (z, y, x), half)
        self.ellipsoid(label, (z, y, -x), half)

    def tubes(self, label: int, knots: Sequence[Knot]) -> None:
        """Paint a tube on the left and its mirror image on the right."""
        self.tube(label, knots)
        self.tube(label, [(z, y, -x, radius) for z, y, x, radius in knots])

    def _part(self, low: Sequence[float], high: Sequence[float]) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Return the labels in a box, to be written to, and the places of its voxels."""
        found = []
        for axis, begin, end in zip(self.axes, low, high, strict=True):
            first, last = torch.searchsorted(axis, torch.tensor([begin, end], dtype=axis.dtype)).tolist()
            found.append(slice(first, last + 1))
        z, y, x = (axis[part] for axis, part in zip(self.axes, found, strict=True))
        return self.labels[found[0], found[1], found[2]], (z[:, None, None], y[:, None], x)
