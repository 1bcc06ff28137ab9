"""From bodies to examples: the local field of a part of one, as a scan and the removal of the background leave it.

    field = M (d * (chi + chi outside)) + noise,  local field = V-SHARP(field);  or d * chi itself

M is the mean over a voxel, weighted by its signal, of a grid twice as fine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import pad

from dealias.errors import UserError
from dealias.operators.dipole import Dipole
from dealias.phantoms._deformation import rotation, smooth
from dealias.phantoms.susceptibility import means
from dealias.susceptibility.problem import Susceptibility, referenced
from dealias.susceptibility.v_sharp import v_sharp
from dealias.training._random_numbers import check, integer, logarithmic, uniform
from dealias.training.bodies import Body
from dealias.training.example import Example
from dealias.training.source import Source

FINER = 2
MARGIN = 8  # voxels around, in which sources of the background lie too
OUTSIDE = 2.0  # parts per million, of what lies around
LEAST = 0.1  # share of the voxels that must be known
UNSEEN = 0.1  # of the deviation of the field in a voxel, an error that its signal does not tell of


@dataclass(frozen=True)
class FieldSimulation(Source):
    """How examples are drawn from bodies; ranges are uniform, those of noise and voxel in their logarithm.

    Arguments:
        bodies: the first of them a head.
        crop: smallest and largest side of a volume, in voxels.
        voxel: range of the size of a voxel, in millimetres; along each axis it differs by up to a factor of 1.5.
        noise: range of the standard deviation of the field where the signal is good, in parts per million.
        heads: how often it is a part of a head.
        background: how often the field of sources outside is there, and removed by V-SHARP.
        radius: of the largest sphere of V-SHARP, in millimetres.
        hide_noise_level: how often the noise is not told.
        batch: volumes of one update, all of one size of voxel and direction.
    """

    bodies: Sequence[Body] = field(repr=False)
    crop: tuple[int, int] = (26, 34)
    voxel: tuple[float, float] = (0.8, 4.5)
    noise: tuple[float, float] = (5e-5, 2e-3)
    heads: float = 0.6
    background: float = 0.7
    radius: tuple[float, float] = (8.0, 16.0)
    hide_noise_level: float = 0.2
    batch: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            UserError: for a range whose ends are swapped or impossible.
        """
        tiny = torch.finfo(torch.float32).tiny
        check(self, {"crop": 16, "voxel": 0.1, "noise": tiny, "radius": 1}, ("heads", "background", "hide_noise_level"))

    def size(self, generator: torch.Generator) -> tuple[int, int]:
        """Return the planes, and the rows and columns, of an update's volumes."""
        return integer(*self.crop, generator), integer(*self.crop, generator)

    def examples(self, size: tuple[int, int], generator: torch.Generator) -> Example:
        """Return a batch of problems of susceptibility, with what it is (batch, z, y, x), its mean zero."""
        voxel = logarithmic(*self.voxel, generator)
        lengths = [voxel * logarithmic(0.8, 1.2, generator) for _ in range(3)]
        b0 = torch.randn(3, generator=generator) + torch.tensor([2.0, 0.0, 0.0])  # most often not far from z
        dipole = Dipole(lengths, b0.tolist())
        drawn: list[Example] = []
        while len(drawn) < self.batch:
            example = self._example((size[0], size[1], size[1]), dipole, generator)
            drawn += [example] if example is not None else []
        return Example.stack(drawn)

    def _example(self, shape: tuple[int, int, int], dipole: Dipole, generator: torch.Generator) -> Example | None:
        """Return one of them; None where too little of it would be known."""
        labels, chi, inside = self._part(shape, dipole.voxel_size, generator)
        mask = means(inside, FINER) > 0.5
        if mask.float().mean() < LEAST:
            return None
        chi = (chi - chi[inside].mean()) * inside
        removed = uniform(0, 1, generator) < self.background
        source = pad(chi, (FINER * MARGIN,) * 6)
        if removed:
            source = source + _outside(pad(inside, (FINER * MARGIN,) * 6), generator)
        fine = Dipole([d / FINER for d in dipole.voxel_size], dipole.direction, averaged=True)(source)
        inner = slice(FINER * MARGIN, -FINER * MARGIN)
        signal = torch.rand(256, generator=generator)[labels].clamp_min(0.15) * inside
        seen, noise = measured(fine[inner, inner, inner], signal, logarithmic(*self.noise, generator), generator)
        known = mask & (noise > 0)
        if removed:
            try:
                seen, known = v_sharp(seen * mask, mask, dipole.voxel_size, radius=uniform(*self.radius, generator))
            except UserError:  # the mask is too thin
                return None
        if known.float().mean() < LEAST:
            return None
        told = None if uniform(0, 1, generator) < self.hide_noise_level else noise
        problem = Susceptibility.of(seen, known, told, dipole.voxel_size, dipole.direction)
        return Example(problem, referenced(means(chi, FINER), known))

    def _part(
        self, shape: tuple[int, int, int], lengths: Sequence[float], generator: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return labels, susceptibility and mask (z, y, x), on the finer grid, of a part of a body in any position."""
        first = uniform(0, 1, generator) < self.heads or len(self.bodies) == 1
        body = self.bodies[0 if first else integer(1, len(self.bodies) - 1, generator)]
        fine = [FINER * n for n in shape]
        grid = torch.stack(torch.meshgrid(*((2 * torch.arange(n) + 1) / n - 1 for n in fine), indexing="ij"))
        wobble = 0.15 * smooth(fine, 5, generator)[0]
        blob = grid.square().sum(0).sqrt() + wobble < uniform(0.75, 1.5, generator)
        half = [n * d / 2 for n, d in zip(shape, lengths, strict=True)]
        turned = rotation(1.0, generator) @ torch.diag(torch.tensor(half))
        places = torch.einsum("ij,jzyx->izyx", turned, grid) + max(half) / 20 * smooth(fine, 5, generator, 3)
        middle = torch.tensor([n * uniform(0.3, 0.7, generator) for n in body.labels.shape])
        labels, chi, inside = body.drawn(places + middle[:, None, None, None], generator)
        return labels, chi, inside & blob


def _outside(inside: Tensor, generator: torch.Generator) -> Tensor:
    """Return susceptibility (z, y, x) of what lies outside: one value, and pieces of other values."""
    constant, rough = uniform(-1, 1, generator), uniform(0, 1, generator)
    pieces = smooth(inside.shape, integer(4, 10, generator), generator)[0]
    strength = logarithmic(0.05, 1, generator) * OUTSIDE
    return strength * (constant + rough * pieces.clamp(-2, 2)) * ~inside


def measured(fine: Tensor, signal: Tensor, level: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the field (z, y, x) that a scan shows of a finer one, and its noise; both zero without signal.

    Arguments:
        signal: the magnitude on the finer grid, at most one.
        level: the noise of the field where the signal is one.
    """
    weight = means(signal, FINER)
    share = torch.where(weight > 0, weight, 1)
    mean = means(signal * fine, FINER) / share
    spread = (means(signal * fine.square(), FINER) / share - mean.square()).clamp_min(0).sqrt()
    noise = torch.where(weight > 0, level / share, 0)
    error, unseen = torch.randn(2, *mean.shape, generator=generator)
    return mean + noise * error + uniform(0, UNSEEN, generator) * spread * unseen, noise
