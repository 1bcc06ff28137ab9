"""What a convolution sees beyond the border of an image: its mirror image, however small it is."""

import torch
from torch import Tensor

from dealias.shapes import Channels


def mirrored(x: Channels, width: int, *, edges_twice: bool) -> Tensor:
    """Return images (problem, channel, y, x) with so many mirrored rows and columns on each side.

    Arguments:
        edges_twice: the mirror lies beyond the pixels at the edge, not on them.
    """
    for axis in (-2, -1):
        n = x.shape[axis]
        period = 2 * n if edges_twice else max(1, 2 * n - 2)
        places = torch.arange(-width, n + width, device=x.device) % period
        x = x.index_select(axis, torch.where(places < n, places, period - edges_twice - places))
    return x
