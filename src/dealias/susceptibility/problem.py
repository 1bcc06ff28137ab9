"""The inversion as a problem: from the local field, where it is known and how well, to susceptibility.

    W field = W F^-1 D F chi + noise,  W one over the noise of the field, zero outside the mask

| Morphology enabled dipole inversion for quantitative susceptibility mapping (de Rochefort et al., 2010): the weights
| https://doi.org/10.1002/mrm.22187

Any method that takes a real problem of three dimensions solves it, through the same driver as images.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.header import Header
from dealias.linear_operator import LinearOperator
from dealias.operators.dipole import Dipole, checked_direction, checked_lengths
from dealias.problem import Problem
from dealias.shapes import Region, Volume

VOLUME = ("z", "y", "x")
HIGHEST = 1.5  # of the weights, relative to their median: a few bright voxels shall not decide alone


class WeightedDipole(LinearOperator):
    """From susceptibility (*batch, z, y, x) to the weighted field.

    Arguments:
        dipole: from susceptibility to the field.
        weight: (*batch, z, y, x).
    """

    coupled = 3

    def __init__(self, dipole: Dipole, weight: Volume) -> None:
        self.dipole = dipole
        self.weight = weight

    def forward(self, x: Volume) -> Volume:
        """Return W d * x."""
        return self.weight * self.dipole.forward(x)

    def adjoint(self, y: Volume) -> Volume:
        """Return d * W y."""
        return self.dipole.adjoint(self.weight * y)

    def normal(self, x: Volume) -> Volume:
        """Return d * W^2 (d * x)."""
        return self.dipole.adjoint(self.weight.square() * self.dipole.forward(x))

    def spectrum(self, x: Volume) -> Tensor:
        """Return D^2 times the mean square of the weights."""
        axes = tuple(range(-3, 0))
        return self.weight.square().mean(axes, keepdim=True) * self.dipole.spectrum(x)


@dataclass(frozen=True, eq=False, repr=False)
class Susceptibility(Problem):
    """What a local field says of susceptibility; `Susceptibility.of` is how a user makes one.

    Arguments:
        field: (*batch, z, y, x), relative to B0, times its weight; its unit is that of the result.
        weight: likewise; zero where the field is not known.
        noise_std: standard deviation of the weighted field, likewise; None where unknown.
        voxel_size: millimetres along (z, y, x).
        direction: the unit vector of B0 along (z, y, x).
    """

    field: Volume
    weight: Volume
    noise_std: Tensor | None = None
    header: Header = Header()
    axes: tuple[str, ...] = VOLUME
    voxel_size: tuple[float, float, float] = (1.0, 1.0, 1.0)
    direction: tuple[float, float, float] = (1.0, 0.0, 0.0)

    @classmethod
    def of(
        cls,
        field: Volume,
        mask: Region,
        noise: Volume | None = None,
        voxel_size: Sequence[float] = (1.0, 1.0, 1.0),
        direction: Sequence[float] = (1.0, 0.0, 0.0),
    ) -> "Susceptibility":
        """Return the problem of a local field, checked.

        Arguments:
            field: (*batch, z, y, x) in parts per million, free of background.
            mask: likewise, True where it is known.
            noise: standard deviation of the field, likewise; None is the same everywhere.
            voxel_size: millimetres along (z, y, x).
            direction: of B0 along (z, y, x).

        Raises:
            UserError: where the shapes do not belong together, or nothing is known.
        """
        shapes = [tuple(t.shape) for t in (field, mask, noise) if t is not None]
        if field.ndim < 3 or len({*shapes}) > 1:
            raise UserError(f"field, mask and noise are of shape {shapes}; give volumes (z, y, x) of one size")
        if field.is_complex() or not bool(torch.isfinite(field[mask.bool()]).all()):
            raise UserError("the field is complex or not finite in its mask; give it in parts per million")
        if not bool(mask.any()):
            raise UserError("the mask is empty; give one that holds the brain")
        inside = mask.to(field)
        weight = inside if noise is None else _weight(noise, mask.bool())
        data = torch.where(mask.bool(), field, 0) * weight
        return cls(data, weight, voxel_size=checked_lengths(voxel_size), direction=checked_direction(direction))

    @property
    def data(self) -> Tensor:
        """The weighted field."""
        return self.field

    @cached_property
    def operator(self) -> WeightedDipole:
        """The weighted dipole."""
        return WeightedDipole(Dipole(self.voxel_size, self.direction), self.weight)

    @property
    def support(self) -> Tensor:
        """Where the field is known; what susceptibility lies elsewhere is not told."""
        return self.weight > 0

    def scaled(self, factor: Tensor) -> "Susceptibility":
        """Return the problem whose solution is `factor` times this one's; factor (*batch, 1, 1, 1)."""
        noise = self.noise_std if self.noise_std is None else self.noise_std * factor.abs()
        return replace(self, field=self.field * factor, noise_std=noise)


def _weight(noise: Volume, mask: Region) -> Volume:
    """Return one over the noise, relative to its median in the mask, in which it is finite."""
    inverse = torch.where(mask & (noise > 0), 1 / torch.where(noise > 0, noise, 1), 0)
    seen = inverse[inverse > 0]
    if not len(seen):
        raise UserError("the noise of the field is nowhere above zero and finite in the mask; leave it out")
    return (inverse / seen.median()).clamp_max(HIGHEST)


def referenced(chi: Tensor, known: Tensor, region: Tensor | None = None) -> Tensor:
    """Return susceptibility whose mean where it is known, or in a part of that, is zero; elsewhere it is zero."""
    return torch.where(known, chi - chi[known if region is None else region & known].mean(), 0)
