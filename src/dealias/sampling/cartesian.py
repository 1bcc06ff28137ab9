"""Whole lines of k-space: random, equispaced or from a Gaussian density, with central lines always sampled.

| fastMRI: An Open Dataset and Benchmarks for Accelerated MRI (Zbontar et al., 2018), section 4.9
| https://arxiv.org/abs/1811.08839

The equispaced lines of that project's code lie at the integers nearest to o, o + a, o + 2a ..., o a random integer
below a, which makes up for the L of N lines that are central already:

    a = R (N - L) / (N - R L)

They are `lines="fastmri"`, whose number may be one off N / R where the grid meets the central lines badly.
`lines="equispaced"` spreads exactly round(N / R) lines, leaving the central ones out of the grid.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.numpy_bridge import numpy_too
from dealias.sampling._random_mask import (
    check_shape_of_density,
    every_frame,
    frequencies,
    plane,
    samples,
    without_replacement,
)
from dealias.shapes import Pattern


@numpy_too
@every_frame
def cartesian(
    shape: Sequence[int],
    acceleration: float,
    *,
    lines: Literal["random", "equispaced", "gaussian", "fastmri"] = "random",
    centre: float = 0.08,
    width: float = 0.42,
    generator: torch.Generator | None = None,
) -> Pattern:
    """Return a centred mask ([time,] y, x) of whole columns, one in `acceleration`, the central ones among them.

    Arguments:
        shape: rows (readout, fully sampled) and columns (phase encoding); frames before them are drawn anew.
        lines: how the outer columns are chosen; equispaced ones start at a random offset, as do fastmri's.
        centre: fraction of the columns that is always sampled: fastMRI has 0.08 at 4x, 0.04 at 8x.
        width: standard deviation of the Gaussian density, as a fraction of half the axis.
        generator: where the randomness comes from; None is PyTorch's own.

    Raises:
        UserError: where a number is impossible, or the acceleration leaves fewer columns than the centre alone.
    """
    rows, columns = plane(shape)
    check_shape_of_density(width, centre)
    number = max(1, round(centre * columns))
    first = columns // 2 - number // 2
    always = torch.zeros(columns, dtype=torch.bool)
    always[first : first + number] = True
    count = samples(columns, acceleration, number, "columns")
    if lines == "equispaced":
        outer = (~always).nonzero().squeeze(1)
        offset = torch.rand((), generator=generator, dtype=torch.float64)
        steps = torch.arange(count - number, dtype=torch.float64) + offset
        line = always.clone()
        line[outer[(steps * (len(outer) / max(1, count - number))).long()]] = True
    elif lines == "fastmri":
        line = _fastmri(columns, acceleration, number, generator)
    elif lines in ("random", "gaussian"):
        log_density = torch.zeros(columns, dtype=torch.float64)
        if lines == "gaussian":
            log_density = -frequencies(columns).square() / (2 * width**2)
        line = without_replacement(log_density, count, always, generator)
    else:
        raise UserError(f"lines '{lines}' are unknown; choose random, equispaced, gaussian or fastmri")
    return line.expand(rows, columns).clone()


def _fastmri(columns: int, acceleration: float, number: int, generator: torch.Generator | None) -> Tensor:
    """Return the lines of fastMRI's equispaced masks (x), its central ones a column further on an odd axis."""
    line = torch.zeros(columns, dtype=torch.bool)
    first = (columns - number + 1) // 2
    line[first : first + number] = True
    left = columns - acceleration * number
    if left > 0:
        spacing = acceleration * (columns - number) / left
        offset = int(torch.randint(max(1, round(spacing)), (), generator=generator))
        line[torch.arange(offset, max(offset, columns - 1), spacing, dtype=torch.float64).round().long()] = True
    return line
