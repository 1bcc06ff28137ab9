"""Points drawn from a two-dimensional Gaussian density, with an ellipse of lowest frequencies always sampled.

| Recurrent Inference Machines for Accelerated MRI Reconstruction (Lonning et al., 2018)
| https://openreview.net/forum?id=H1LZ6v8iM
"""

from collections.abc import Sequence

import torch

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
def gaussian(
    shape: Sequence[int],
    acceleration: float,
    *,
    generator: torch.Generator | None = None,
    width: float = 0.42,
    centre: float = 0.02,
) -> Pattern:
    """Return a centred mask ([time,] y, x) that samples one point in `acceleration`, drawn without replacement.

    Arguments:
        shape: rows and columns; or frames, rows and columns, each frame drawn anew.
        generator: where the randomness comes from; None is PyTorch's own.
        width: standard deviation of the density, as a fraction of half an axis.
        centre: half-axes of the ellipse that is always sampled, as a fraction of the axes.

    Raises:
        UserError: where a number is impossible, or the acceleration leaves fewer samples than the centre alone.
    """
    rows, columns = plane(shape)
    check_shape_of_density(width, centre)
    y, x = frequencies(rows)[:, None], frequencies(columns)
    # the tiny radius keeps the origin where `centre` is zero or the grid coarse
    radius = max(2 * centre, 1e-9)
    always = y.square() + x.square() <= radius**2
    count = samples(rows * columns, acceleration, int(always.sum()), "points")
    log_density = -(y.square() + x.square()) / (2 * width**2)
    return without_replacement(log_density, count, always, generator)
