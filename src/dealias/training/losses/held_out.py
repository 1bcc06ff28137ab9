"""What the method never saw counts, no image being known: self-supervision by data undersampling (SSDU).

    ||A' x_T - y'||^2 / ||y'||^2, mean over problems, A' and y' at the samples that were held back

| Self-supervised learning of physics-guided reconstruction neural networks without fully sampled reference data
| (Yaman et al., 2020) | https://doi.org/10.1002/mrm.28378

The paper adds the same ratio of absolute values.
"""

from collections.abc import Iterable

from torch import Tensor

from dealias.shapes import Image
from dealias.training.example import Example
from dealias.training.losses.measured import relative_residual


def held_out(estimates: Iterable[Image], example: Example) -> Tensor:
    """Return the relative squared residual of the last estimate at samples that it was not made of."""
    *_, last = estimates
    return relative_residual(last, example.unseen)
