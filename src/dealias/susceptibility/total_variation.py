"""Susceptibility of small total variation that explains the local field where it is known.

    min 1/2 |W (d * chi - field)|^2 + lambda |grad chi|_1,  by alternating directions with d * chi and grad chi apart

| Fast quantitative susceptibility mapping with L1-regularization and automatic parameter selection
| (Bilgic et al., 2014) | https://doi.org/10.1002/mrm.25029
| Fast nonlinear susceptibility inversion with variational regularization (Milovic et al., 2018): both apart, so that
| weights cost nothing | https://doi.org/10.1002/mrm.27073
| Distributed optimization and statistical learning via the alternating direction method of multipliers (Boyd et al.,
| 2011), section 3.4.3 (relaxation) | https://doi.org/10.1561/2200000016

A measured field is wrong where the signal has faded inside a voxel, as around a calcification. Echoes that lie off
their line say so as well, but inside the calcification too, which weights by their misfit lose. What the map of the
last round leaves unexplained keeps it: there W is divided by (residual / 6 deviations)^2, and the problem is solved
again.

| Nonlinear formulation of the magnetic field to source relationship for robust quantitative susceptibility mapping
| (Liu et al., 2013): model error reduction through iterative tuning | https://doi.org/10.1002/mrm.24272

Sources outside the mask may be free of the penalty: they then explain what the removal of the background left.

| Preconditioned total field inversion (TFI) method for quantitative susceptibility mapping (Liu et al., 2017)
| https://doi.org/10.1002/mrm.26331
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

from dealias.errors import UserError
from dealias.operators.dipole import Dipole
from dealias.operators.finite_difference import FiniteDifference
from dealias.shapes import Volume
from dealias.solvers.shrinkage import soft_threshold

AXES = (-3, -2, -1)
PENALTY = 0.1  # on the field; of 1, 0.1 and 0.01 the quickest on the phantom
SHRINKAGE = 1 / 100  # in the field's unit: what one iteration takes from the differences
RELAXATION = 1.6
MARGIN = 8  # voxels of nothing around, across which the body hardly sees its periodic copies
UNLIKELY = 6.0  # standard deviations of a residual, beyond which the field is doubted
DEVIATION = 1.4826  # of normal numbers over the median of their sizes


def total_variation(
    field: Volume,
    dipole: Dipole,
    weight: Volume,
    *,
    regularisation: float = 2e-4,
    iterations: int = 60,
    rounds: int = 1,
    free_outside: bool = False,
) -> Volume:
    """Return the susceptibility (z, y, x) in the field's unit, with its mean over the whole volume zero.

    Arguments:
        field: (z, y, x) in parts per million, free of background.
        dipole: the field of a source, for these voxels and this direction.
        weight: how well the field is known, of order one; zero where it is not.
        regularisation: lambda, in parts per million.
        iterations: of each round.
        rounds: after all but the last, the field is weighted less where it was not explained.
        free_outside: whether sources where the weight is zero cost nothing; right for a field that holds some
            background still, wrong at the edge for one that holds none.

    Raises:
        UserError: where lambda or the number of iterations or rounds is impossible.
    """
    if not 0 < regularisation < float("inf") or iterations < 1 or rounds < 1:
        raise UserError(
            f"{iterations} iterations in {rounds} rounds with a regularisation of {regularisation:g} are impossible; "
            "give more than 0"
        )
    inner = tuple(slice(MARGIN, MARGIN + n) for n in field.shape)
    weight = pad(weight, (MARGIN,) * 6)
    known = weight > 0
    seen = torch.where(known, pad(field, (MARGIN,) * 6), 0)
    shrinkage = torch.where(known, SHRINKAGE, 0 if free_outside else SHRINKAGE).to(seen)
    trust, chi = weight, torch.zeros_like(seen)
    for number in range(rounds):
        chi, explained = _solved(seen, dipole, trust, shrinkage, regularisation / SHRINKAGE, iterations)
        if number + 1 < rounds:
            trust = _doubted(weight, weight * (explained - seen))
    return chi[inner]


def _solved(
    seen: Tensor, dipole: Dipole, weight: Tensor, shrinkage: Tensor, penalty: float, iterations: int
) -> tuple[Tensor, Tensor]:
    """Return the susceptibility for these weights, and its field.

    Arguments:
        shrinkage: what one iteration takes from the differences at every voxel.
        penalty: on the differences; lambda is their product.
    """
    difference, square = FiniteDifference(3), weight.square()
    half = seen.shape[-1] // 2 + 1
    kernel = dipole.kernel(seen)[..., :half]
    below = PENALTY * kernel.square() + penalty * difference.spectrum(seen)[..., :half]
    below[0, 0, 0] = 1

    def spectrum(x: Tensor) -> Tensor:
        return torch.fft.rfftn(x, dim=AXES)

    def volume(x: Tensor) -> Tensor:
        return torch.fft.irfftn(x, s=seen.shape, dim=AXES)

    split_field, split_steps = seen, seen.new_zeros((3, *seen.shape))
    field_dual, steps_dual = torch.zeros_like(split_field), torch.zeros_like(split_steps)
    chi = made = torch.zeros_like(seen)
    for _ in range(iterations):
        right = PENALTY * kernel * spectrum(split_field - field_dual)
        right = right + penalty * spectrum(difference.adjoint(split_steps - steps_dual))
        right[0, 0, 0] = 0
        frequencies = right / below
        chi, made = volume(frequencies), volume(kernel * frequencies)
        explained = RELAXATION * made + (1 - RELAXATION) * split_field + field_dual
        steps = RELAXATION * difference.forward(chi) + (1 - RELAXATION) * split_steps + steps_dual
        split_field = (square * seen + PENALTY * explained) / (square + PENALTY)
        split_steps = soft_threshold(steps, shrinkage)
        field_dual, steps_dual = explained - split_field, steps - split_steps
    return chi, made


def _doubted(weight: Tensor, residual: Tensor) -> Tensor:
    """Return the weights, smaller where the weighted residual is larger than noise makes it."""
    size = residual.abs()
    likely = UNLIKELY * DEVIATION * size[weight > 0].median()
    return weight / torch.where((size > likely) & (likely > 0), size / likely, 1).square()
