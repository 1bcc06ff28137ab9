"""When an iteration may rest: each problem of a batch by itself."""

from collections.abc import Iterator

import torch
from torch import Tensor

from dealias.solvers.inner_product import inner_product


def until_settled(estimates: Iterator[Tensor], iterations: int, tolerance: float, dimensions: int) -> Iterator[Tensor]:
    """Yield `iterations` estimates, of which a problem's stay once a step changed it by less than the tolerance.

    Where all problems rest, no further estimate is asked for.

    Arguments:
        estimates: at least as many as are yielded.
        tolerance: of the norm of a change relative to that of the estimate; zero lets nothing rest.
        dimensions: trailing axes of one problem.
    """
    x = next(estimates)
    yield x
    resting = torch.zeros_like(inner_product(x, x, dimensions), dtype=torch.bool)
    for _ in range(iterations - 1):
        if not resting.all():
            following = next(estimates)
            if tolerance > 0:
                change = following - x
                small = inner_product(change, change, dimensions) <= tolerance**2 * inner_product(x, x, dimensions)
                following, resting = torch.where(resting, x, following), resting | small
            x = following
        yield x
