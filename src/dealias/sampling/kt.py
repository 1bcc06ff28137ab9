"""Lines of k-space for films: another draw in every frame, denser inside, the central ones always.

    p(k) ~ exp(-k^2 / (2 (N / 10)^2)) + 1 / (2 R),  k lines from the centre of N acquired ones

| Convolutional recurrent neural networks for dynamic MR image reconstruction (Qin et al., 2019), section IV-A
| https://doi.org/10.1109/TMI.2018.2863670

The paper says a zero-mean Gaussian; this density is the one of its authors' code. Its 190 acquired lines lie in a
matrix of 256, zero-filled: `acquired=190` draws from those alone and leaves the outer 66 unsampled, and the
acceleration refers to the 190 (32, 21 and 17 lines at 6x, 9x and 11x).
"""

from collections.abc import Sequence

import torch

from dealias.errors import UserError
from dealias.numpy_bridge import numpy_too
from dealias.sampling._random_mask import every_frame, plane, samples, without_replacement
from dealias.shapes import Pattern


@numpy_too
@every_frame
def kt(
    shape: Sequence[int],
    acceleration: float,
    *,
    acquired: int | None = None,
    central: int = 8,
    generator: torch.Generator | None = None,
) -> Pattern:
    """Return a centred mask ([time,] y, x) of whole columns, one in `acceleration` of the acquired ones.

    Arguments:
        shape: frames, rows (readout, fully sampled) and columns (phase encoding); each frame is drawn anew.
        acquired: how many central columns were acquired, where the others are zero filling; None: all.
        central: how many of them are sampled in every frame.
        generator: where the randomness comes from; None is PyTorch's own.

    Raises:
        UserError: where a number is impossible, or the acceleration leaves fewer columns than the central ones.
    """
    rows, columns = plane(shape)
    number = columns if acquired is None else acquired
    if not 1 <= number <= columns:
        raise UserError(f"{number} of {columns} columns cannot have been acquired; give 1 to {columns}")
    if not 0 <= central <= number:
        raise UserError(f"{central} of {number} acquired columns cannot be central; give 0 to {number}")
    middle = number // 2
    always = torch.zeros(number, dtype=torch.bool)
    always[middle - central // 2 : middle - central // 2 + central] = True
    count = samples(number, acceleration, central, "acquired columns")
    distance = torch.arange(number, dtype=torch.float64) - middle
    density = torch.exp(-distance.square() / (2 * (number / 10) ** 2)) + 1 / (2 * acceleration)
    line = torch.zeros(columns, dtype=torch.bool)
    first = columns // 2 - middle
    line[first : first + number] = without_replacement(density.log(), count, always, generator)
    return line.expand(rows, columns).clone()
