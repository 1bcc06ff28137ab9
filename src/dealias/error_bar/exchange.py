"""Which other samples a scan might have taken: as many, spread alike, but for the centre few of those that it took.

    M' = C + shift (M - C)   where C is the centre of the mask M, in which nothing is missing

So the samples of M lie to those of M' as what nobody measured lies to M: as far from the nearest, in gaps as wide,
aliased as coherently. Hiding some of M instead would widen the gaps of lines, which makes several coils look worse
than they are, and leave lines that are equispaced to be filled in by their own aliases.
"""

import torch
from torch import Tensor

from dealias.folds import candidates, line_axis
from dealias.shapes import Mask

MOVES = ((1, 2), (-2, 1), (2, -1), (-1, -2), (2, 1), (-1, 2), (1, -2), (-2, -1), (1, 1), (-1, -1))  # of points
FAR = 2  # mean gaps that lines move beyond their own: nearer ones would keep every hidden line a neighbour


def exchanged_masks(mask: Mask, count: int, generator: torch.Generator, film: bool = False) -> list[Mask]:
    """Return masks (..., 1, y, x) of samples to take instead, in FFT order.

    Points move by a knight's move; lines by some mean gaps and a half, and then by one less each time, on a ring
    from which the centre is taken out; where most of them lie side by side, as in partial Fourier, they are mirrored.

    Arguments:
        mask: what was sampled, in FFT order (..., 1, y, x), of the size of k-space in y and x.
        count: how many masks, ten at most.
        generator: draws the directions, alike for every problem of a batch and every frame of a film.
        film: whether the axis before the coils is time.
    """
    frames, (rows, columns) = mask.shape[-4] if film else 1, mask.shape[-2:]
    first = int(torch.randint(len(MOVES) - 2, (), generator=generator))
    direction = 1 - 2 * int(torch.randint(2, (), generator=generator))
    found = [_moved(patterns, count, first, direction) for patterns in mask.reshape(-1, frames, rows, columns)]
    return list(torch.stack(found, 1).reshape(count, *mask.shape))


def _moved(patterns: Tensor, count: int, first: int, direction: int) -> Tensor:
    """Return the masks of one problem (count, frame, y, x)."""
    axes = [axis for axis in map(line_axis, patterns) if axis is not None]
    able = torch.stack([candidates(pattern) for pattern in patterns])
    if len(axes) < len(patterns):
        centre = patterns & ~able
        knights = MOVES[first:-2] + MOVES[:first] + MOVES[-2:]
        return torch.stack([centre | able.roll(move, (-2, -1)) for move in knights[:count]])
    gap = max(2, sum(_gap(*each) for each in zip(patterns, able, axes, strict=True)) / len(axes))
    half = round(gap) // 2
    between = [place for place in range(half, half - round(gap), -1) if place]
    steps = [round(gap * (FAR + number // len(between))) + between[number % len(between)] for number in range(count)]
    return torch.stack(
        [
            torch.stack([_turned(*each, direction * step) for each in zip(patterns, able, axes, strict=True)])
            for step in steps
        ]
    )


def _gap(pattern: Tensor, able: Tensor, axis: int) -> float:
    """Return how far lines are from the next in the mean, but for the centre's."""
    missing, outside = (~pattern.any(-3 - axis)).sum(), able.any(-3 - axis).sum()
    return 1 + float(missing / outside.clamp_min(1))


def _turned(pattern: Tensor, able: Tensor, axis: int, step: int) -> Tensor:
    """Return the pattern (y, x) whose lines outside the centre moved by some steps, over the centre, or mirrored."""
    along = torch.fft.fftshift(pattern.any(-3 - axis))
    outside = ~torch.fft.fftshift((pattern & ~able).any(-3 - axis))
    lines = along[outside]
    moved = lines.roll(step)
    if (lines & moved).sum() > lines.sum() / 2:  # most lie side by side: a part of k-space was left out
        moved = lines.flip(0)
    along[outside] = moved
    readout = pattern.any(axis)
    along = torch.fft.ifftshift(along)
    return along[:, None] & readout if axis == -2 else readout[:, None] & along
