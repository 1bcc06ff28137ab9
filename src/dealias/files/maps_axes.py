"""Coil maps whose axes lie otherwise than k-space's: with axes of size one, or of a volume as `bart ecalib` writes it.

Of all orders of axes that fit, the maps explain most of the coil images in the right one.
"""

from itertools import permutations
from typing import Any

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.validation import tensor


def fitted(maps: Any, scan: Acquisition) -> Tensor:
    """Return maps (coil, y, x) or (slice, coil, y, x) of a scan; as they are where no order of their axes fits.

    Arguments:
        maps: with these axes in any order, and others of size one.
    """
    value = tensor(maps, "the maps")
    one, every = scan.kspace.shape[-3:], torch.Size((scan.kspace.shape[0], *scan.kspace.shape[-3:]))
    if value.ndim < 3 or (value.shape[-3:] == one and (value.ndim == 3 or value.shape[-4] not in one)):
        return value
    plain = value.squeeze()
    plain = plain.reshape((1,) * (3 - plain.ndim) + tuple(plain.shape))
    wanted = {3: one, 4: every}.get(plain.ndim)
    orders = [
        order for order in permutations(range(plain.ndim)) if torch.Size(plain.shape[axis] for axis in order) == wanted
    ]
    if not orders:
        return value
    return max((plain.permute(order) for order in orders), key=lambda found: _explained(found, scan))


def _explained(maps: Tensor, scan: Acquisition) -> float:
    """Return which energy of the coil images the maps explain."""
    images = scan.coil_images
    while maps.ndim > 3 and images.ndim > maps.ndim:
        maps = maps.unsqueeze(1)
    maps = maps.to(images)
    size = torch.linalg.vector_norm(maps, dim=-3)
    seen = (maps.conj() * images).sum(-3).abs() / torch.where(size == 0, 1, size)
    return float(seen.double().square().sum())
