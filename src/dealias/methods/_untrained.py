"""What methods share whose network learns from the one scan that it reconstructs.

    x_n <- x_{n-1} + w (G_n(z) - x_{n-1}),  e_n <- e_{n-1} + w (|A G_n(z) - y|^2 - e_{n-1}),  w = max(0.01, 1 / n)

The last x_n is kept of which no earlier one predicts held-out samples better by more than chance: e are their errors.

| Deep Image Prior (Ulyanov et al., 2018), section 3: the mean of what the last updates made; 0.99 in its code
| https://arxiv.org/abs/1711.10925

What single updates make swings, and so does how well it predicts few samples: the best of hundreds by these is the
luckiest, not the best (`benchmarks/untrained.py`). Means of the last hundred swing little. Errors are those of single
updates: a mean of images that have nothing in common predicts well, since it is dark.
"""

from abc import abstractmethod
from collections.abc import Iterator
from itertools import repeat

import numpy as np
import torch
from torch import Tensor, nn

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.folds import candidates
from dealias.hidden_samples import gain
from dealias.method import Method
from dealias.methods._data_consistency import data_consistency
from dealias.networks.channels import check_sizes, to_image
from dealias.problem import Problem
from dealias.shapes import Channels

KEPT = 0.99  # of a mean, at each update
GRADIENTS = 3  # of several coils; many more would fit their noise, which their maps enlarge


class Untrained(Method):
    """The output of a network that is fitted to the data, stopped by samples that it is not fitted to.

    What a problem has before rows and columns, the frames of a film or the slices of a volume, are further channels of
    the output. The last estimate obeys all the data, those that were held out too.

    Arguments:
        iterations: updates of the network, at the most.
        rate: the learning rate of Adam.
        held: share of the samples beyond the centre that judge when to stop, the same of all coils; 0 lets those that
            are fitted judge, as the papers do.
        patience: updates, each worse than an earlier one by more than chance, after which the network rests.
        runs: how many networks, with other random numbers and other samples held out, are averaged.
        seed: of the random numbers.
    """

    def __init__(self, iterations: int, rate: float, held: float, patience: int, runs: int, seed: int) -> None:
        super().__init__()
        check_sizes(iterations=iterations, patience=patience, runs=runs)
        if not 0 < rate < float("inf") or not 0 <= held < 1:
            raise UserError("rate must be more than zero, held a share from 0 to less than 1; correct them")
        self.iterations = iterations
        self.rate = rate
        self.held = held
        self.patience = patience
        self.runs = runs
        self.seed = seed

    def check(self, problem: Problem) -> None:
        """Raise where the image has one pixel, by which no network can be normalised.

        Raises:
            UserError: which says so.
        """
        super().check(problem)
        if problem.shape[-2:].numel() < 2:
            name = type(self).__name__
            raise UserError(f"{name} needs an image of two pixels or more, and this has one; use --method zero_filled")

    @abstractmethod
    def network(self, size: tuple[int, int], outputs: int) -> tuple[nn.Module, Channels]:
        """Return a random network for images of so many rows and columns, and what comes in, which stays as it is."""

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one image per update: of the means so far the one that held samples choose."""
        lead = problem.shape[: -max(self.together(problem), len(problem.axes))]
        places = list(np.ndindex(*lead))
        fits = [self._fit(problem[place], self.seed + run) for place in places for run in range(self.runs)]
        for left, images in zip(reversed(range(self.iterations)), zip(*fits, strict=True), strict=True):
            means = [torch.stack(images[first : first + self.runs]).mean(0) for first in range(0, len(fits), self.runs)]
            x = torch.stack(means).reshape(problem.shape)
            yield x if left else data_consistency(problem, x, None, GRADIENTS)

    def _fit(self, problem: Problem, seed: int) -> Iterator[Tensor]:
        """Yield the best image so far of a problem without batch axes, for each update of its network."""
        like = problem.zero_filled
        size = (like.shape[-2], like.shape[-1])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network, start = self.network(size, like[..., 0, 0].numel() * (2 if like.is_complex() else 1))
            held = _held(problem, self.held).to(like.device)
        network = network.to(like.device, like.real.dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        start = start.to(like.device, like.real.dtype, memory_format=torch.channels_last)
        optimiser = torch.optim.Adam(network.parameters(), lr=self.rate)
        first = _image(network, start, like).detach()
        # the network makes images of its own size; those of the data are brought to it
        scale = like.norm() / first.norm().clamp_min(torch.finfo(first.real.dtype).tiny)
        judges = held if held.any() else torch.ones_like(held)
        best, mean, waited = first, torch.zeros_like(first), 0
        errors = least = first.real.new_zeros(int(judges.sum()))
        for number in range(self.iterations):
            x, residual = _update(network, start, optimiser, problem, ~held, scale)
            weight = max(1 - KEPT, 1 / (number + 1))
            mean, errors = mean.lerp(x, weight), errors.lerp(residual.sum_to_size(judges.shape)[judges], weight)
            if number == 0 or errors.sum() < least.sum():
                least = errors
            waited = waited + 1 if gain(errors, least) else 0
            best = best if waited else mean
            yield best
            if waited == self.patience:
                yield from repeat(best, self.iterations - number - 1)
                return


@torch.enable_grad()
def _update(
    network: nn.Module,
    start: Channels,
    optimiser: torch.optim.Optimizer,
    problem: Problem,
    fitted: Tensor,
    scale: Tensor,
) -> tuple[Tensor, Tensor]:
    """Return the image before an update and the squared residual of each of its samples; update the network."""
    optimiser.zero_grad()
    x = _image(network, start, problem.zero_filled)
    data = problem.data / torch.where(scale > 0, scale, 1)
    residual = (problem.operator(x) - data).abs().square()
    (residual * fitted).mean().backward()
    optimiser.step()
    return scale * x.detach(), residual.detach()


def _held(problem: Problem, share: float) -> Tensor:
    """Return which samples judge, as booleans to be broadcast over the data: at random, beyond the centre of k-space.

    That is never missing; its few samples are so large that they alone would judge. Where nothing is missing all can.
    """
    size = problem.data.shape[-2:]
    held = torch.rand(size) < share
    if not isinstance(problem, Acquisition):
        return held
    mask = problem.mask.expand(*problem.mask.shape[:-2], *size)
    beyond = torch.stack([candidates(pattern.cpu()) for pattern in mask.reshape(-1, *size)]).reshape(mask.shape)
    return held & beyond if (held & beyond).any() else held


def _image(network: nn.Module, start: Channels, like: Tensor) -> Tensor:
    """Return the network's output as an image of the shape and type of `like`."""
    pixels = network(start).reshape(-1, 2 if like.is_complex() else 1, *like.shape[-2:])
    return to_image(pixels, like)
