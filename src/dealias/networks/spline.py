"""Monotonic rational-quadratic splines: each number goes through its own, and comes back exactly.

    y = b + h (s t^2 + d_0 t (1 - t)) / (s + (d_0 + d_1 - 2 s) t (1 - t)),  t = (x - a) / w,  s = h / w

| Neural Spline Flows (Durkan et al., 2019), equations 4 to 8 | https://arxiv.org/abs/1906.04032

A bin begins at (a, b), is w wide and h high, and has the slopes d_0 and d_1 at its ends. The bins fill [-BOUND, BOUND];
outside numbers stay as they are. All parameters zero is the identity. As in the authors' code no width, height or
slope is less than `LEAST`, as a share of all.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softmax, softplus

BOUND = 3.0
LEAST = 1e-3
UNIT = 0.5397424172369522  # softplus of it is 1 - LEAST


class _Bin(NamedTuple):
    """Where each number's bin begins, its size, and the slopes at its ends."""

    left: Tensor
    width: Tensor
    bottom: Tensor
    height: Tensor
    first: Tensor
    last: Tensor

    @property
    def steepness(self) -> Tensor:
        """Return s."""
        return self.height / self.width

    def divisor(self, t: Tensor) -> Tensor:
        """Return s + (d_0 + d_1 - 2 s) t (1 - t)."""
        return self.steepness + (self.first + self.last - 2 * self.steepness) * t * (1 - t)

    def log_slope(self, t: Tensor) -> Tensor:
        """Return the logarithm of dy/dx."""
        s, both = self.steepness, t * (1 - t)
        rise = self.last * t.square() + 2 * s * both + self.first * (1 - t).square()
        return rise.log() + 2 * (s / self.divisor(t)).log()


def parameters_of(bins: int) -> int:
    """Return how many parameters a spline of so many bins has: widths, heights, and the slopes between bins."""
    return 3 * bins - 1


def spline(x: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
    """Return the splines' values at x, and the logarithms of their slopes there.

    Arguments:
        x: numbers (problem, ...).
        parameters: of each number's spline (problem, parameter, ...).
    """
    within = x.clamp(-BOUND, BOUND)
    bin_ = _bin(within, parameters, inverse=False)
    t = (within - bin_.left) / bin_.width
    y = bin_.bottom + bin_.height * (bin_.steepness * t.square() + bin_.first * t * (1 - t)) / bin_.divisor(t)
    inside = x.abs() <= BOUND
    return torch.where(inside, y, x), torch.where(inside, bin_.log_slope(t), 0)


def inverse_spline(y: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
    """Return where the splines have the values y, and the logarithms of their slopes there."""
    within = y.clamp(-BOUND, BOUND)
    bin_ = _bin(within, parameters, inverse=True)
    climbed = within - bin_.bottom
    bend = climbed * (bin_.first + bin_.last - 2 * bin_.steepness)
    a = bin_.height * (bin_.steepness - bin_.first) + bend
    b = bin_.height * bin_.first - bend
    c = bin_.steepness * climbed
    root = (b.square() + 4 * a * c).clamp_min(torch.finfo(y.dtype).tiny).sqrt()
    t = 2 * c / (b + root)  # of the two ways to write the root of a quadratic the one without cancellation
    inside = y.abs() <= BOUND
    return torch.where(inside, bin_.left + t * bin_.width, y), torch.where(inside, bin_.log_slope(t), 0)


def _bin(value: Tensor, parameters: Tensor, *, inverse: bool) -> _Bin:
    bins = (parameters.shape[1] + 1) // 3
    widths, heights, slopes = parameters.split((bins, bins, bins - 1), 1)
    (left, width), (bottom, height) = (_edges(part) for part in (widths, heights))
    ends = slopes.new_ones((len(slopes), 1, *slopes.shape[2:]))
    slopes = torch.cat((ends, LEAST + softplus(slopes + UNIT), ends), 1)
    edges = (bottom if inverse else left).detach()
    place = (value.detach().unsqueeze(1) >= edges).sum(1, keepdim=True) - 1

    def at(edge_or_size: Tensor, place: Tensor = place) -> Tensor:
        return edge_or_size.gather(1, place).squeeze(1)

    return _Bin(at(left), at(width), at(bottom), at(height), at(slopes), at(slopes, place + 1))


def _edges(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return where bins begin, and their sizes."""
    sizes = 2 * BOUND * (LEAST + (1 - LEAST * logits.shape[1]) * softmax(logits, 1))
    return sizes.cumsum(1) - sizes - BOUND, sizes
