"""Coil maps whose axes lie otherwise than k-space's: with axes of size one, or of a volume as `bart ecalib` writes it.

Of all orders of axes that fit, the maps explain most of the coil images in the right one.
"""

from itertools import permutations
from typing import Any

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.validation import tensor


def fitted(maps: Any, scan: Acquisition, count: int = 0, wanted: slice = slice(None)) -> Tensor:
    """Return maps (coil, y, x) or (slice, coil, y, x) of a scan; as they are where no order of their axes fits.

    Arguments:
        maps: with these axes in any order, and others of size one.
        count: slices that the maps have, where the scan has `wanted` ones of them only.
    """
    value = tensor(maps, "the maps")
    one = scan.kspace.shape[-3:]
    every = torch.Size((count or scan.kspace.shape[0], *one))
    known = value.ndim <= max(4, scan.kspace.ndim)
    if value.ndim < 3 or (known and value.shape[-3:] == one and (value.ndim == 3 or value.shape[-4] not in one)):
        return value
    plain = value.squeeze()
    plain = plain.reshape((1,) * (3 - plain.ndim) + tuple(plain.shape))
    shape = {3: one, 4: every}.get(plain.ndim)
    orders = [
        order for order in permutations(range(plain.ndim)) if torch.Size(plain.shape[axis] for axis in order) == shape
    ]
    if not orders:
        return value
    found = max((plain.permute(order) for order in orders), key=lambda maps: _explained(maps, scan, wanted))
    while 3 < found.ndim < scan.kspace.ndim:
        found = found.unsqueeze(1)
    return found


def _explained(maps: Tensor, scan: Acquisition, wanted: slice) -> float:
    """Return which energy of the coil images the maps explain."""
    images = scan.coil_images
    maps = maps[wanted] if maps.ndim > 3 else maps
    while maps.ndim > 3 and images.ndim > maps.ndim:
        maps = maps.unsqueeze(1)
    maps = maps.to(images)
    size = torch.linalg.vector_norm(maps, dim=-3)
    seen = (maps.conj() * images).sum(-3).abs() / torch.where(size == 0, 1, size)
    return float(seen.double().square().sum())
