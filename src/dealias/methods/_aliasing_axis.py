"""The axis along which a film of missing lines aliases, turned to the one that a network learned."""

from dataclasses import replace

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.problem import Problem
from dealias.shapes import Mask


def turn_to_alias_along(problem: Problem, learned: int) -> tuple[Problem, bool]:
    """Return the problem so that its lines alias along the axis that a network knows, and whether it was turned.

    Where the mask has no lines (points, or everything), and outside MRI, it is left as it is.

    Arguments:
        learned: axis of the image along which the network's films aliased, -2 (y) or -1 (x).

    Raises:
        UserError: where the films of a batch differ in that.
    """
    if not isinstance(problem, Acquisition):
        return problem, False
    masks = problem.mask.reshape(-1, *problem.mask.shape[-4:])
    along = {axis for axis in map(_aliasing_axis, masks) if axis is not None}
    if len(along) > 1:
        raise UserError("these films alias along different axes; reconstruct them one at a time, with batch=1")
    if along <= {learned}:
        return problem, False
    maps, noise_std = (None if value is None else value.mT for value in (problem.maps, problem.noise_std))
    return replace(problem, kspace=problem.kspace.mT, mask=problem.mask.mT, maps=maps, noise_std=noise_std), True


def _aliasing_axis(mask: Mask) -> int | None:
    """Return the axis along which whole lines of one film (time, coil, y, x) are missing; None where it has none.

    The other axis, the readout, may be cut at its ends, as by zero filling or an asymmetric echo.
    """
    patterns = {axis: mask.any(-3 - axis, keepdim=True) for axis in (-2, -1)}
    if not torch.equal(patterns[-2] & patterns[-1], mask):
        return None
    missing = [axis for axis, pattern in patterns.items() if _has_gaps(pattern.flatten(1))]
    return missing[0] if len(missing) == 1 else None


def _has_gaps(patterns: Tensor) -> bool:
    """Whether patterns (time, frequency) along one axis have gaps, or differ among frames that sample anything."""
    union = patterns.any(0)
    differ = ((patterns != union) & patterns.any(1, keepdim=True)).any()
    where = torch.fft.fftshift(union).nonzero()
    return bool(differ) or (len(where) > 0 and len(where) <= int(where[-1] - where[0]))
