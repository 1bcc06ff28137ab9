"""Points that keep a distance from each other, a smaller one inside: a variable-density Poisson disc.

    r(k) = s (1 + falloff |k|);  points in random order join where no earlier one is nearer than that one's r

| Stochastic sampling in computer graphics (Cook, 1986), section 4
| https://doi.org/10.1145/7529.8927
| Quasi-random vs pseudo-random sampling in compressed sensing MRI (Vasanawala et al., 2011)
| https://doi.org/10.1109/ISBI.2011.5872579

Every point of the grid has its turn once, so a draw always ends. The scale s is the largest that leaves enough
points, found by bisection with one order of turns; those that come last are left out, until their number is exact.
r^2 becomes an integer at random, the one below or above, else the density would have the steps of a grid's distances.
"""

from collections.abc import Sequence
from math import isqrt

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.numpy_bridge import numpy_too
from dealias.sampling._random_mask import check_shape_of_density, every_frame, frequencies, plane, samples
from dealias.shapes import Pattern

BISECTIONS = 12


@numpy_too
@every_frame
def poisson(
    shape: Sequence[int],
    acceleration: float,
    *,
    falloff: float = 3.0,
    centre: float = 0.04,
    ellipse: bool = False,
    generator: torch.Generator | None = None,
) -> Pattern:
    """Return a centred mask ([time,] y, x) that samples one point in `acceleration`.

    Arguments:
        shape: rows and columns, both phase encoding; frames before them are drawn anew.
        falloff: how much farther apart points are at the end of an axis than at the centre, less one.
        centre: half-axes of the ellipse that is always sampled, as a fraction of the axes.
        ellipse: leave the corners of k-space empty.
        generator: where the randomness comes from; None is PyTorch's own.

    Raises:
        UserError: where a number is impossible, or the acceleration leaves fewer samples than the centre alone.
    """
    rows, columns = plane(shape)
    check_shape_of_density(1.0, centre)
    if not 0 <= falloff < float("inf"):
        raise UserError(f"a falloff of {falloff:g} is impossible; give zero (no falloff) or more, such as 3")
    y, x = frequencies(rows)[:, None], frequencies(columns)
    distance = (y.square() + x.square()).sqrt()
    always = distance <= max(2 * centre, 1e-9)  # the tiny radius keeps the origin
    allowed = (distance <= 1) | always if ellipse else torch.ones_like(always)
    most, number = int(allowed.sum()), int(always.sum())
    count = samples(rows * columns, acceleration, number, "points")
    if count > most:
        raise UserError(
            f"acceleration {acceleration:g} wants {count} points, but the ellipse holds {most}; "
            f"raise the acceleration to {rows * columns / most:.3g}"
        )
    turns = torch.rand((rows, columns), generator=generator, dtype=torch.float64)
    order = turns.masked_fill(always, -1).masked_fill(~allowed, 2).flatten().argsort()[:most]
    spread = (1 + falloff * distance).flatten()[order]
    luck = torch.rand(most, generator=generator, dtype=torch.float64)
    # discs cover some 0.55 of a plane that has no room for another: the scale is below twice this estimate
    scale = (0.7 / count * float(spread.pow(-2).sum())) ** 0.5
    low, high, best = 0.0, 2 * scale, order[:count]
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        areas = ((middle * spread).square() + luck).clamp_max(rows**2 + columns**2).long()
        chosen = _joined(order, areas, (rows, columns), number, count)
        if len(chosen) == count:
            low, best = middle, chosen
        else:
            high = middle
    mask = torch.zeros(rows * columns, dtype=torch.bool)
    mask[best] = True
    return mask.reshape(rows, columns)


def _joined(order: Tensor, areas: Tensor, shape: tuple[int, int], number: int, count: int) -> Tensor:
    """Return at most `count` of the points that join in turn, the first `number` of them wherever they are.

    Arguments:
        order: the points, row by row numbered.
        areas: of each, the squared distance at which it lets others join.
    """
    rows, columns = shape
    reach = min(isqrt(int(areas.max())), max(shape))
    wide = columns + reach  # what a disc covers beyond the end of a row is no point of the grid
    taken = bytearray((rows + 2 * reach) * wide + 2 * reach)
    discs = {area: _disc(area, reach, wide) for area in areas.unique().tolist()}
    places = (order // columns + reach) * wide + order % columns + reach
    joined = []
    for turn, (place, area) in enumerate(zip(places.tolist(), areas.tolist(), strict=True)):
        if taken[place] and turn >= number:
            continue
        joined.append(turn)
        if len(joined) == count:
            break
        for first, ones in discs[area]:
            taken[place + first : place + first + len(ones)] = ones
    return order[torch.tensor(joined)]


def _disc(area: int, reach: int, wide: int) -> list[tuple[int, bytes]]:
    """Return the runs of a disc's points, nearer than the root of its area: where each starts, and its bytes."""
    radius = min(isqrt(max(0, area - 1)), reach)
    halves = [(row, min(isqrt(max(0, area - 1) - row * row), reach)) for row in range(-radius, radius + 1)]
    return [(row * wide - half, b"\1" * (2 * half + 1)) for row, half in halves]
