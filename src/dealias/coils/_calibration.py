"""The middle of k-space, which tells the coils apart: what of it was sampled, averaged over time."""

from typing import Any

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.errors import UserError

LINES = 12


def measured(value: Any) -> Acquisition:
    """Return the acquisition itself, or that of centred k-space (..., coil, y, x)."""
    return value if isinstance(value, Acquisition) else Acquisition.centred(value)


def centre(acquisition: Acquisition, size: int) -> tuple[Tensor, Tensor]:
    """Return the middle rows and columns of k-space (slice, coil, a, b), and which were sampled (slice, a, b).

    Frames of a film are averaged where they were sampled; a and b are `size` at the most.

    Raises:
        UserError: where the fully sampled centre has fewer than 12 rows or columns.
    """
    kspace, mask = acquisition.centred_kspace, acquisition.centred_mask
    mask = mask.expand(*kspace.shape[:-3], 1, *kspace.shape[-2:])
    if "time" in acquisition.axes:
        kspace = kspace.sum(-4) / mask.sum(-4).clamp_min(1)
        mask = mask.any(-4)
    kspace, mask = kspace.reshape(-1, *kspace.shape[-3:]), mask.reshape(-1, *mask.shape[-2:])
    sides = [side(sampled) for sampled in mask]
    if min(sides) < LINES:
        place = f" of slice {sides.index(min(sides))}" if len(sides) > 1 else ""
        raise UserError(
            f"the fully sampled centre of k-space{place} is {min(sides)} x {min(sides)}, and coil maps need "
            f"{LINES} x {LINES}; sample a larger centre (--mask.centre of our masks), or give maps measured otherwise"
        )
    return _middle(kspace, size), _middle(mask, size)


def coarse_images(samples: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return what middle samples (coil, a, b) alone show, as images (coil, y, x) of largest sample one."""
    pad = [(n // 2 - s // 2, n - n // 2 - (s - s // 2)) for n, s in zip(shape, samples.shape[-2:], strict=True)]
    padded = torch.nn.functional.pad(samples / samples.abs().max(), (*pad[1], *pad[0]))
    return torch.fft.fftshift(torch.fft.ifft2(torch.fft.ifftshift(padded, dim=(-2, -1))), dim=(-2, -1))


def _middle(value: Tensor, size: int) -> Tensor:
    for axis in (-2, -1):
        count = value.shape[axis]
        wanted = min(size, count)
        value = value.narrow(axis, count // 2 - wanted // 2, wanted)
    return value


def side(mask: Tensor) -> int:
    """Return the side of the largest square around the centre that a mask (y, x) samples in full."""
    rows, columns = (torch.arange(n, device=mask.device) - n // 2 for n in mask.shape)
    # an index i >= 0 is in squares of more than 2 i, an index i < 0 in those of at least -2 i
    y, x = (torch.where(i < 0, -i - 1, i) for i in (rows, columns))
    missing = torch.maximum(y[:, None], x)[~mask]
    return min(*mask.shape, 2 * int(missing.min()) if len(missing) else max(mask.shape))
