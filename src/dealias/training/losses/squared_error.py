"""Every step counts alike, as the RIM learns.

    mean over steps t and pixels of |x_t - x|^2

| Recurrent Inference Machines for Accelerated MRI Reconstruction (Lonning et al., 2018)
| https://openreview.net/forum?id=H1LZ6v8iM
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from dealias.shapes import Image
from dealias.training.example import Example


def squared_error(estimates: Iterable[Image], example: Example) -> Tensor:
    """Return the mean squared error of all estimates."""
    return torch.stack([(x - example.truth).abs().square().mean() for x in estimates]).mean()
