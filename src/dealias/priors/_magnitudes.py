"""What priors of small magnitude images share: how images of any size become theirs."""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from dealias.shapes import Image


def small_magnitudes(images: Image, size: tuple[int, int]) -> Tensor:
    """Return the magnitudes of images (*batch, y, x), averaged over areas to this size, the largest one."""
    small = adaptive_avg_pool2d(images.abs().reshape(-1, *images.shape[-2:]), size)
    largest = small.amax((-2, -1), keepdim=True)
    return (small / torch.where(largest > 0, largest, 1)).reshape(*images.shape[:-2], *size)
