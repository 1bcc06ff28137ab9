"""Unwrapping: phase without its jumps of 2 pi.

Path following: the voxels of a mask are joined by the tree whose edges are most trustworthy, and along it each voxel
gets the multiple of 2 pi that brings it nearest to the one before. Growing a region over the best edge first makes that
same tree. The quality of an edge is a product of terms from 0 to 1, each squeezed to 0.1 ... 1.

| Phase unwrapping with a rapid opensource minimum spanning tree algorithm (ROMEO) (Dymerska et al., 2021)
| https://doi.org/10.1002/mrm.28563

Later echoes need no paths: the phase of the one before, scaled by the times, says which multiple of 2 pi is right.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree
from torch import Tensor

from dealias.shapes import EchoVolumes, Region, Volume

TURN = 2 * torch.pi
LEAST = 0.1  # that a term makes of the quality of an edge


def wrap(phase: Tensor) -> Tensor:
    """Return the phase between -pi and pi."""
    return phase - TURN * torch.round(phase / TURN)


def unwrap_echoes(phase: EchoVolumes, magnitude: EchoVolumes, echo_times: Sequence[float], mask: Region) -> EchoVolumes:
    """Return the phase of all echoes without jumps, each with the others' multiples of 2 pi; zero outside the mask.

    Arguments:
        phase: (echo, z, y, x), zero at time zero: free of an offset.
        magnitude: (echo, z, y, x).
        echo_times: seconds.
        mask: (z, y, x), True where there is signal.
    """
    first = unwrap(phase[0], mask, edge_quality(phase[0], magnitude[0], phase[1], echo_times[0] / echo_times[1]))
    echoes = [first]
    for number in range(1, len(phase)):
        guess = echoes[-1] * (echo_times[number] / echo_times[number - 1])
        echoes.append(guess + wrap(phase[number] - guess))
    return torch.stack(echoes) * mask


def unwrap(phase: Volume, mask: Region, quality: Tensor | None = None) -> Volume:
    """Return the phase (z, y, x) without jumps inside a mask, zero outside.

    Regions that do not touch each other have their medians between -pi and pi.

    Arguments:
        quality: of the edges (3, z, y, x) to the next voxel along z, y, x; None is that of the phase alone.
    """
    quality = edge_quality(phase) if quality is None else quality
    inside = mask.numpy(force=True).astype(bool)
    flat = phase.double().numpy(force=True)[inside]
    if not len(flat):
        return torch.zeros_like(phase)
    before, region = _tree(inside, quality.numpy(force=True))
    jumps = -np.round((flat - flat[before]) / (2 * np.pi))
    while True:  # each voxel looks twice as far back as the last time
        further = before[before]
        if np.array_equal(further, before):
            break
        jumps, before = jumps + jumps[before], further
    whole = flat + 2 * np.pi * jumps
    for k in range(region.max() + 1) if region.max() < 1000 else ():
        whole[region == k] -= 2 * np.pi * np.round(np.median(whole[region == k]) / (2 * np.pi))
    result = np.zeros(inside.shape)
    result[inside] = whole
    return torch.from_numpy(result).to(phase)


def edge_quality(
    phase: Volume, magnitude: Volume | None = None, later: Volume | None = None, ratio: float = 0.5
) -> Tensor:
    """Return how trustworthy it is to go from a voxel to the next along z, y, x: (3, z, y, x), from 0 to 1.

    Arguments:
        phase: (z, y, x) of the echo that is unwrapped.
        magnitude: likewise.
        later: the phase of a later echo, which shows noise and flow.
        ratio: of the two echo times.
    """
    parts = []
    for axis in (-3, -2, -1):
        step = wrap(phase.roll(-1, axis) - phase)
        terms = [1 - step.abs() / torch.pi]
        if later is not None:
            other = wrap(later.roll(-1, axis) - later)
            terms.append((1 - (step - ratio * other).abs()).clamp_min(0))
        bend = wrap(step - step.roll(1, axis)).abs(), wrap(step.roll(-1, axis) - step).abs()
        terms.append((1 - bend[0] / 2).clamp_min(0) * (1 - bend[1] / 2).clamp_min(0))
        if magnitude is not None:
            near = magnitude.roll(-1, axis)
            large = torch.maximum(magnitude, near)
            terms.append((torch.minimum(magnitude, near) / torch.where(large > 0, large, 1)).square())
        product = torch.ones_like(step)
        for term in terms:
            product = product * (LEAST + (1 - LEAST) * term)
        parts.append(product)
    return torch.stack(parts)


def _tree(inside: NDArray[np.bool_], quality: NDArray[np.floating]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the voxel before each one in the tree of best edges, and the region that each belongs to.

    The first voxel of a region comes before itself.
    """
    number = np.full(inside.shape, -1, np.int64)
    count = int(inside.sum())
    number[inside] = np.arange(count)
    starts, ends, costs = [], [], []
    for axis in range(3):
        here, there = (
            tuple(part if a == axis else slice(None) for a in range(3)) for part in (slice(None, -1), slice(1, None))
        )
        both = inside[here] & inside[there]
        starts.append(number[here][both])
        ends.append(number[there][both])
        costs.append(2 - quality[axis][here][both].astype(np.float64))  # never zero, which would be no edge
    edges = coo_matrix((np.concatenate(costs), (np.concatenate(starts), np.concatenate(ends))), (count, count))
    _, region = connected_components(edges, directed=False)
    roots = np.unique(region, return_index=True)[1]
    tree = minimum_spanning_tree(edges.tocsr()).tocoo()
    # one voxel more, from which a step leads to every region
    rows = np.concatenate([tree.row, np.full(len(roots), count)])
    columns = np.concatenate([tree.col, roots])
    whole = coo_matrix((np.ones(len(rows)), (rows, columns)), (count + 1, count + 1)).tocsr()
    _, before = breadth_first_order(whole, count, directed=False)
    before = before[:-1].astype(np.int64)
    before[roots] = roots
    return before, region.astype(np.int64)
