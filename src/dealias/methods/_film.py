"""What the methods that see a whole film have in common."""

from dataclasses import replace

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.problem import Problem
from dealias.shapes import Image, Mask
from dealias.solvers.conjugate_gradient import conjugate_gradient


def consistent(problem: Problem, x: Image, weight: float | None, iterations: int) -> Image:
    """Return the image nearest to x that obeys the data: argmin_z ||z - x||^2 + weight ||A z - y||^2.

    With one coil a sampled entry of k-space becomes (k + weight y) / (1 + weight), and y where `weight` is None,
    infinite; with many, conjugate gradients solve (1 + weight A^H A) (z - x) = -weight A^H (A x - y).

    Arguments:
        iterations: of the conjugate gradients.
    """
    gradient = problem.gradient(x)
    if isinstance(problem, Acquisition) and problem.maps is None:  # then A^H A is a projection
        return x - (gradient if weight is None else weight / (1 + weight) * gradient)

    def normal(d: Tensor) -> Tensor:
        seen = problem.operator.normal(d)
        return seen if weight is None else d + weight * seen

    right = -gradient if weight is None else -weight * gradient
    d = right
    for d in conjugate_gradient(normal, right, iterations, problem.dimensions):  # noqa: B007 - the last is the answer
        pass
    return x + d


def turned(problem: Problem, learned: int) -> tuple[Problem, bool]:
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
    along = {axis for axis in map(_aliased, masks) if axis is not None}
    if len(along) > 1:
        raise UserError("these films alias along different axes; reconstruct them one at a time, with batch=1")
    if along <= {learned}:
        return problem, False
    maps, noise_std = (None if value is None else value.mT for value in (problem.maps, problem.noise_std))
    return replace(problem, kspace=problem.kspace.mT, mask=problem.mask.mT, maps=maps, noise_std=noise_std), True


def _aliased(mask: Mask) -> int | None:
    """Return the axis along which whole lines of one film (time, coil, y, x) are missing; None where it has none.

    The other axis, the readout, may be cut at its ends, as by zero filling or an asymmetric echo.
    """
    patterns = {axis: mask.any(-3 - axis, keepdim=True) for axis in (-2, -1)}
    if not torch.equal(patterns[-2] & patterns[-1], mask):
        return None
    missing = [axis for axis, pattern in patterns.items() if _gappy(pattern.flatten(1))]
    return missing[0] if len(missing) == 1 else None


def _gappy(patterns: Tensor) -> bool:
    """Whether patterns (time, frequency) along one axis have gaps, or differ among frames that sample anything."""
    union = patterns.any(0)
    differ = ((patterns != union) & patterns.any(1, keepdim=True)).any()
    where = torch.fft.fftshift(union).nonzero()
    return bool(differ) or (len(where) > 0 and len(where) <= int(where[-1] - where[0]))


def check_film(problem: Problem, name: str) -> None:
    """Raise where there is but one frame."""
    shape = problem.shape
    if len(shape) < 3 or shape[-3] < 2:
        raise UserError(f"{name} needs a film of two frames or more, and this is one; use --method rim for images")


def check_weight(weight: float | None) -> None:
    """Raise where the data cannot weigh that much."""
    if weight is not None and not 0 <= weight < float("inf"):
        raise UserError(f"data_weight {weight} is impossible; give zero or more, or none for infinite")
