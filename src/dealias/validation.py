"""What a user gives as k-space, mask, maps and noise, as tensors that fit each other; or one line that says why not."""

import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from dealias.errors import Note, UserError
from dealias.numpy_bridge import numbers
from dealias.root_sum_of_squares import root_sum_of_squares
from dealias.shapes import FILM, IMAGE


def _leading_axes(value: Tensor, axes: int) -> Tensor:
    return value.reshape((1,) * (axes - value.ndim) + value.shape) if value.ndim < axes else value


def _shares(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether a shape has as many axes as wanted, of size 1 where shared."""
    return len(shape) == len(wanted) and all(m in (1, k) for m, k in zip(shape, wanted, strict=True))


def tensor(value: Any, name: str) -> Tensor:
    """Return a tensor as it is, and arrays and numbers as one; `name` is what a complaint calls it."""
    return value if isinstance(value, Tensor) else torch.from_numpy(numbers(value, name))


def validated_kspace(value: Any) -> Tensor:
    """Return finite complex k-space with an axis for the coils."""
    kspace = tensor(value, "k-space")
    if not kspace.is_complex():
        kind = str(kspace.dtype).removeprefix("torch.")
        raise UserError(f"k-space holds {kind} numbers, not complex ones; combine real and imaginary parts first")
    if kspace.ndim < 2 or 0 in kspace.shape:
        raise UserError(f"k-space has shape {tuple(kspace.shape)}; give (y, x), (coil, y, x) or (slice, coil, y, x)")
    if kspace.dtype == torch.complex32:
        kspace = kspace.to(torch.complex64)
    size = float(kspace.abs().max())
    if size and not 1e-30 < size < 1e30:
        bad = int((~torch.isfinite(kspace)).sum())
        if bad:
            raise UserError(f"k-space holds {bad} values that are NaN or infinite; mend the file or set them to zero")
        raise UserError(f"k-space is as large as {size:.2g}, beyond what single precision computes with; scale it")
    return kspace if kspace.ndim > 2 else kspace.unsqueeze(0)


def validated_mask(value: Any, kspace: Tensor) -> Tensor:
    """Return what was sampled, with as many axes as k-space."""
    mask = _leading_axes(tensor(value, "the mask").to(kspace.device) != 0, kspace.ndim)
    shape, wanted = tuple(mask.shape), tuple(kspace.shape)
    if shape[-3:-2] != (1,) or not _shares(shape, wanted):
        swapped = shape[-3:-2] == (1,) and _shares((*shape[:-2], shape[-1], shape[-2]), wanted)
        usual = "give a mask (x), (y, x), or as k-space with one coil"
        remedy = "its rows and columns are swapped: transpose it, (y) to (y, 1)" if swapped else usual
        raise UserError(f"the mask has shape {shape}, k-space {wanted}; {remedy}")
    return mask


def validated_noise(value: Any, kspace: Tensor) -> Tensor:
    """Return standard deviations of zero or more, with as many axes as k-space."""
    noise_std = tensor(value, "noise_std")
    if noise_std.is_complex():
        raise UserError("noise_std is complex; give the standard deviation of a sample's real part")
    noise_std = _leading_axes(noise_std.to(kspace.real), kspace.ndim)
    shape, wanted = tuple(noise_std.shape), tuple(kspace.shape)
    if not _shares(shape, wanted):
        raise UserError(f"noise_std has shape {shape}, k-space {wanted}; give a number, or as many axes as k-space")
    if not (torch.isfinite(noise_std) & (noise_std >= 0)).all():
        raise UserError("noise_std must be zero or more; give the standard deviation of a sample's real part")
    return noise_std


def validated_axes(value: Sequence[str] | str) -> tuple[str, ...]:
    """Return the names of the axes that make one image or film."""
    axes = tuple(value.replace(",", " ").split()) if isinstance(value, str) else tuple(value)
    if axes not in (IMAGE, FILM):
        raise UserError(f"axes '{' '.join(map(str, axes))}' make no image; give 'y x', or 'time y x' for films")
    return axes


def validated_maps(value: Any, kspace: Tensor, axes: tuple[str, ...]) -> Tensor:
    """Return finite maps of these coils, with as many axes as k-space."""
    maps = tensor(value, "the maps").to(kspace)
    if axes == FILM and 3 < maps.ndim < kspace.ndim:
        maps = maps.unsqueeze(-4)  # slices, which share their maps over time
    maps = _leading_axes(maps, kspace.ndim)
    shape, wanted = tuple(maps.shape), tuple(kspace.shape)
    if shape[-3] != wanted[-3]:
        raise UserError(f"the maps have {shape[-3]} coils, k-space has {wanted[-3]}; give one map per coil")
    if shape[-2:] != wanted[-2:] or not _shares(shape, wanted):
        raise UserError(f"the maps have shape {shape}, k-space {wanted}; give maps (coil, y, x) or as k-space")
    if not torch.isfinite(maps).all():
        raise UserError("the maps hold values that are NaN or infinite; estimate them again or set those to zero")
    return maps


def unit_maps(maps: Tensor) -> Tensor:
    """Return maps of unit root sum of squares wherever they are not zero, which every method relies on."""
    size = root_sum_of_squares(maps, -3, keepdim=True)
    seen = size > 0
    if bool(((size - 1).abs() < 0.05)[seen].all()):
        return maps
    warnings.warn(
        Note("the maps were divided by their root sum of squares; the image is multiplied with it"), stacklevel=3
    )
    size = torch.where(seen, size, 1)
    return torch.complex(maps.real / size, maps.imag / size)  # of 1e-40, whose inverse a complex division takes, too
