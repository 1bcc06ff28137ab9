"""Whole images for priors that know one size: each is mirrored, turned, stretched, moved and shaded a little.

A crop of a head is no head: a prior of whole images that saw crops, flips and quarter turns would spend itself on what
it is never asked for.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.shapes import Image
from dealias.training._random_numbers import integer, uniform
from dealias.training.example import Example
from dealias.training.source import Source

STEEPEST = 0.95  # stretch: more would turn an image inside out


@dataclass(frozen=True)
class WholeImages(Source):
    """How magnitudes are drawn from images; nothing is undersampled, since a prior knows no scanner.

    Arguments:
        images: (y, x), of maximum magnitude 1.
        rows: of what is drawn, whatever the images have: twice those of the prior, which averages over areas.
        columns: likewise.
        turn: most degrees by which an image is turned.
        stretch: the most by which an axis is longer or shorter, as a fraction.
        move: the most by which an image is moved, as a fraction of its axes.
        contrast: the magnitudes are raised to a power whose logarithm is at most this.
        batch: images of one update.
    """

    images: Sequence[Tensor] = field(repr=False)
    rows: int = 160
    columns: int = 128
    turn: float = 10.0
    stretch: float = 0.15
    move: float = 0.03
    contrast: float = 0.15
    batch: int = 8

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            UserError: for a size or a change that is impossible.
        """
        if min(self.rows, self.columns, self.batch) < 1:
            raise UserError("rows, columns and batch must be 1 or more; correct them")
        changes = (self.turn, self.stretch, self.move, self.contrast)
        if not all(0 <= change < float("inf") for change in changes) or self.stretch > STEEPEST:
            raise UserError(f"turn, stretch, move and contrast are zero or more, stretch at most {STEEPEST}; mend them")

    def size(self, generator: torch.Generator) -> tuple[int, int]:
        """Return the rows and columns of every update."""
        return self.rows, self.columns

    def examples(self, size: tuple[int, int], generator: torch.Generator) -> Example:
        """Return a batch of images (batch, y, x) of maximum one, measured in full."""
        drawn = [self._drawn(size, generator) for _ in range(self.batch)]
        target = torch.stack(drawn).to(torch.complex64)
        return Example(Acquisition.simulate(target, torch.ones(size, dtype=torch.bool)), target)

    def _drawn(self, size: tuple[int, int], generator: torch.Generator) -> Image:
        magnitudes = self.images[integer(0, len(self.images) - 1, generator)].abs()
        where = affine_grid(self._change(generator)[None], [1, 1, *size], align_corners=False)
        changed = grid_sample(magnitudes[None, None], where, align_corners=False)[0, 0]
        largest = changed.amax()
        power = math.exp(uniform(-self.contrast, self.contrast, generator))
        return (changed / torch.where(largest > 0, largest, 1)) ** power

    def _change(self, generator: torch.Generator) -> Tensor:
        """Return the matrix (2, 3) that brings places of the new image, from -1 to 1, to those of the old one."""
        mirror = -1 if uniform(0, 1, generator) < 0.5 else 1
        angle = math.radians(uniform(-self.turn, self.turn, generator))
        x, y = (1 / (1 + uniform(-self.stretch, self.stretch, generator)) for _ in range(2))
        right, down = (2 * uniform(-self.move, self.move, generator) for _ in range(2))
        cosine, sine = math.cos(angle), math.sin(angle)
        return torch.tensor([[mirror * x * cosine, -mirror * x * sine, right], [y * sine, y * cosine, down]])
