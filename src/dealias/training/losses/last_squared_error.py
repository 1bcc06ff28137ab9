"""The last step alone counts, as the CRNN learns.

    mean over pixels of |x_T - x|^2

| Convolutional Recurrent Neural Networks for Dynamic MR Image Reconstruction (Qin et al., 2019)
| https://arxiv.org/abs/1712.01751
"""

from collections.abc import Iterable

from torch import Tensor

from dealias.shapes import Image
from dealias.training.example import Example


def last_squared_error(estimates: Iterable[Image], example: Example) -> Tensor:
    """Return the mean squared error of the last estimate."""
    *_, last = estimates
    return (last - example.truth).abs().square().mean()
