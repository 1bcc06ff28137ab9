"""Where the centre of k-space lies beside the middle of the matrix, its image has a linear phase that tells nothing.

    y(k + d)  belongs to  x(r) exp(-2 pi i d r / n)

Scans that leave out one side of k-space (partial Fourier, an asymmetric echo) are stored so, and so are scans whose
gradients miss the middle. Methods that know images by their phase, networks most of all, do better without it.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from dealias.shapes import Kspace, Mask

REACH, CLEARLY = 4, 0.25  # frequencies around the centre; energy around the middle, of that around the centre


def beside_middle(kspace: Tensor, axes: int) -> Tensor:
    """Return by which frequencies (*batch, 2), along y and x, the centre of k-space in FFT order lies beside zero.

    It is zero unless four times as much energy lies elsewhere as around the middle.

    Arguments:
        axes: trailing axes of k-space that make one problem.
    """
    y, x = kspace.shape[-2:]
    lead = kspace.shape[: kspace.ndim - axes]
    size = kspace.abs().reshape(*lead, -1, y, x)
    largest = size.amax((-3, -2, -1), keepdim=True)
    energy = (size / torch.where(largest == 0, 1, largest)).square().sum(-3)
    around = energy
    for axis in (-2, -1):
        reach = min(REACH, (around.shape[axis] - 1) // 2)
        around = torch.stack([around.roll(step, axis) for step in range(-reach, reach + 1)]).sum(0)
    around, energy = around.flatten(-2), energy.flatten(-2)
    most = around.amax(-1, keepdim=True)
    place = torch.where(around > most / 2, energy, -1).argmax(-1)
    elsewhere = around[..., 0] < CLEARLY * most[..., 0]
    row, column = torch.where(elsewhere, place // x, 0), torch.where(elsewhere, place % x, 0)
    return torch.stack((torch.where(row > y // 2, row - y, row), torch.where(column > x // 2, column - x, column)), -1)


def without_linear_phase(
    tensors: Mapping[str, Tensor], axes: int, image_axes: int
) -> tuple[dict[str, Any], Tensor | None]:
    """Return the tensors of a problem with the centre of its k-space at zero, and the phase that its image had.

    None for the phase, and no tensors, where nothing need be moved.

    Arguments:
        tensors: `kspace` in FFT order, and others with its axes.
        axes: trailing axes of k-space that make one problem.
        image_axes: those of its image.
    """
    offsets = beside_middle(tensors["kspace"], axes)
    if not offsets.any():
        return {}, None
    phase = _linear_phase(offsets, (*tensors["kspace"].shape[-2:],), tensors["kspace"])
    phase = phase.reshape(*phase.shape[:-2], *(1,) * (image_axes - 2), *phase.shape[-2:])
    return {name: _moved(value, offsets) for name, value in tensors.items()}, phase


def around_centre(mask: Mask, kspace: Kspace, axes: int) -> Mask:
    """Return a mask that is meant for k-space whose centre is the middle, moved to where that centre lies.

    Arguments:
        mask: as many axes as k-space, size 1 where shared; centred, as `kspace` in FFT order, or alike.
        axes: trailing axes of k-space that make one problem.
    """
    offsets = beside_middle(kspace, axes)
    return _moved(mask, -offsets) if offsets.any() else mask


def _moved(value: Tensor, offsets: Tensor) -> Tensor:
    """Return k-space, or what has its axes, with the frequencies (*batch, 2) of each problem moved to zero."""
    steps = [(-row, -column) for row, column in offsets.reshape(-1, 2).tolist()]
    if len({*steps}) == 1:
        return value.roll(steps[0], (-2, -1))
    lead = offsets.shape[:-1]
    value = value.expand(*lead, *value.shape[len(lead) :])
    parts = value.reshape(-1, *value.shape[len(lead) :])
    return torch.stack([part.roll(step, (-2, -1)) for part, step in zip(parts, steps, strict=True)]).reshape(
        value.shape
    )


def _linear_phase(offsets: Tensor, shape: tuple[int, int], like: Tensor) -> Tensor:
    """Return the phase (*batch, y, x) with which the image of moved k-space is that of the k-space itself."""
    turns = [
        (offset[..., None] * torch.arange(n, device=offset.device) % n).double() / n
        for offset, n in zip(offsets.unbind(-1), shape, strict=True)
    ]
    return torch.exp(2j * torch.pi * (turns[0][..., :, None] + turns[1][..., None, :])).to(like)
