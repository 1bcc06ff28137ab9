"""Whole lines of k-space: random, equispaced or from a Gaussian density, with central lines always sampled.

| fastMRI: An Open Dataset and Benchmarks for Accelerated MRI (Zbontar et al., 2018), section 4.9
| https://arxiv.org/abs/1811.08839
"""

from collections.abc import Sequence
from typing import Literal

import torch

from dealias.errors import UserError
from dealias.sampling._draw import check_shape_of_density, frequencies, plane, samples, without_replacement
from dealias.shapes import Pattern


def cartesian(
    shape: Sequence[int],
    acceleration: float,
    *,
    lines: Literal["random", "equispaced", "gaussian"] = "random",
    centre: float = 0.08,
    width: float = 0.42,
    generator: torch.Generator | None = None,
) -> Pattern:
    """Return a centred mask (y, x) of whole columns, one in `acceleration`, the central ones among them.

    Arguments:
        shape: rows (readout, fully sampled) and columns (phase encoding).
        lines: how the outer columns are chosen; equispaced ones start at a random offset.
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
    elif lines in ("random", "gaussian"):
        log_density = torch.zeros(columns, dtype=torch.float64)
        if lines == "gaussian":
            log_density = -frequencies(columns).square() / (2 * width**2)
        line = without_replacement(log_density, count, always, generator)
    else:
        raise UserError(f"lines '{lines}' are unknown; choose random, equispaced or gaussian")
    return line.expand(rows, columns).clone()
