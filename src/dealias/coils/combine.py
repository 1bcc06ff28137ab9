"""One image of the images of all coils.

    root sum of squares  sqrt(sum |x_c|^2);  with maps, at equal noise the best:  sum conj(s_c) x_c / sum |s_c|^2

| The NMR phased array (Roemer et al., 1990), equations 27 and 29
| https://doi.org/10.1002/mrm.1910160203
"""

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.numpy_bridge import numpy_too


@numpy_too
def combine(images: Tensor, maps: Tensor | None = None) -> Tensor:
    """Return the combined image (..., y, x) of coil images (..., coil, y, x).

    Without maps it is a magnitude; with maps it is complex, and zero where all maps are.

    Arguments:
        maps: coil sensitivities (coil, y, x), or with the leading axes of the images.

    Raises:
        UserError: where the maps do not fit the images.
    """
    if maps is None:
        return torch.linalg.vector_norm(images, dim=-3)
    if images.ndim < 3 or maps.shape[-3:] != images.shape[-3:]:
        raise UserError(
            f"the maps have shape {tuple(maps.shape)}, the coil images {tuple(images.shape)}; give one map per coil"
        )
    seen = maps.abs().square().sum(-3)
    return (maps.conj() * images).sum(-3) / torch.where(seen == 0, 1, seen)
