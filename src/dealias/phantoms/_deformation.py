"""The same body, turned, scaled and bent: labels at places that a random smooth map leads to."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

TURN, STRETCH, BEND = 0.15, 0.08, 3.0  # of a head: radians, share, millimetres; standard deviations
CELLS = 6  # along each axis, in which bending goes its own way


def smooth(shape: Sequence[int], cells: int, generator: torch.Generator, count: int = 1) -> Tensor:
    """Return random fields (count, z, y, x) of standard deviation about one, that change over so many cells."""
    coarse = 1.4 * torch.randn(1, count, *(cells + 2,) * 3, generator=generator)
    return interpolate(coarse, tuple(shape), mode="trilinear", align_corners=True)[0]


def rotation(size: float, generator: torch.Generator) -> Tensor:
    """Return a rotation (3, 3) about a random axis, by angles of this standard deviation in radians."""
    z, y, x = (size * torch.randn(3, generator=generator)).tolist()
    return torch.linalg.matrix_exp(torch.tensor([[0.0, -x, y], [x, 0.0, -z], [-y, z, 0.0]]))


def deformed(
    labels: Tensor, inside: Tensor, spacing: Sequence[float], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return another head's labels (z, y, x), and where the cavity of its brain is.

    Arguments:
        spacing: of the voxels along (z, y, x), in millimetres.
    """
    turned = rotation(TURN, generator) @ torch.diag(1 + STRETCH * torch.randn(3, generator=generator))
    lengths = torch.tensor(list(spacing))[:, None, None, None]
    axes = [torch.arange(n) - (n - 1) / 2 for n in labels.shape]
    places = torch.stack(torch.meshgrid(*axes, indexing="ij")) * lengths
    places = torch.einsum("ij,jzyx->izyx", turned, places) + BEND * smooth(labels.shape, CELLS, generator, 3)
    middle = torch.tensor([(n - 1) / 2 for n in labels.shape])[:, None, None, None]
    found, _ = nearest(labels, places / lengths + middle)
    within, there = nearest(inside, places / lengths + middle)
    return found, within & there


def nearest(volume: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """Return a volume's nearest values at places (3, z, y, x) in its voxels, and which places lie in it."""
    index, there = torch.zeros(places.shape[1:], dtype=torch.long), torch.ones(places.shape[1:], dtype=torch.bool)
    for n, along in zip(volume.shape, places.round().long(), strict=True):
        inside = along.clamp(0, n - 1)
        there &= inside == along
        index = index * n + inside
    return volume.reshape(-1)[index], there
