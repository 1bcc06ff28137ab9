"""Zero-shot learning: a trained network learns on from the one scan that it reconstructs.

    min_w sum_k ||A_k f_w(y - y_k - y_v) - y_k||^2 / ||y_k||^2,  stopped where ||A_v f_w(y - y_v) - y_v||^2 is least

y_k are other samples at every update, hidden from the network; y_v are hidden always, and choose among the updates

| Zero-Shot Self-Supervised Learning for MRI Reconstruction (Yaman et al., 2022), section 3
| https://openreview.net/forum?id=085y6YPaYjP

Their loss adds the same ratio of absolute values. With the weights that no update betters, nothing changes.
"""

import copy
import time
from dataclasses import dataclass
from os import PathLike
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from tqdm import tqdm

from dealias.acquisition import Acquisition
from dealias.cards import load
from dealias.errors import UserError
from dealias.method import Method
from dealias.preparation import prepared, problem_of
from dealias.problem import Problem
from dealias.shapes import Kspace, Maps
from dealias.training.example import Example
from dealias.training.losses.held_out import held_out

JUDGES, HIDDEN = 0.2, 0.4  # shares of the samples beyond the centre: y_v of all, y_k of the others
JUDGED = 8  # slices that judge, at the most
EVERY = 3  # updates between two judgements
PATIENCE = 6  # judgements without a better one before it ends


@dataclass(frozen=True, eq=False)
class Adapted:
    """A network after it learned from a scan.

    Arguments:
        method: with the best weights, those of the start where none were better.
        before: error at samples that were always hidden, relative to their norm, of the weights of the start.
        after: likewise, of the best weights.
        best: the update that made them.
        updates: how many were made.
    """

    method: Method
    before: float
    after: float
    best: int
    updates: int

    def __str__(self) -> str:
        """Return what became of it in one line."""
        name = type(self.method).__name__
        if not self.best:
            return f"{name} stays as it was: none of {self.updates} updates predicts hidden samples of this scan better"
        change = f"{self.before:.2%} to {self.after:.2%}"
        return f"{name} adapted by {self.best} updates of {self.updates}: error of hidden samples from {change}"


def adapt(
    method: Method | str,
    scan: Problem | ArrayLike | Kspace | str | PathLike[str],
    *,
    updates: int = 60,
    seconds: float | None = None,
    rate: float = 3e-4,
    maps: Maps | Literal["auto"] | None = "auto",
    seed: int = 0,
    progress: bool = False,
) -> Adapted:
    """Return a copy of a network that learned from a scan; several slices or films share it.

    Arguments:
        method: a trained network, or what `dealias.load` takes.
        scan: or the file of one, or an array of centred k-space (..., coil, y, x).
        updates: at the most; it ends before, where hidden samples are predicted no better any more.
        seconds: at the most; results then depend on the speed of the machine.
        rate: the learning rate of Adam.
        maps: as in `dealias.reconstruct`.
        seed: of which samples are hidden, and when.
        progress: show a bar on stderr.

    Raises:
        UserError: for a method that has no weights of a training, or a scan of which nothing can be hidden.
    """
    ends = None if seconds is None else time.monotonic() + seconds
    method = load(method) if isinstance(method, str) else method
    check_adaptable(method)
    method = copy.deepcopy(method).eval().requires_grad_()
    scan = prepared(problem_of(scan), maps, method)
    method.check(scan)
    scan, _ = scan.without_linear_phase(method.together(scan))  # so that a sample's frequency is its place
    generator = torch.Generator().manual_seed(seed)
    weight = next(method.parameters())
    pairs = _pairs(scan.to(weight.device, weight.dtype), generator)
    judges = [Example(kept, held=hidden) for kept, hidden in pairs[:: -(-len(pairs) // JUDGED)]]
    optimiser = torch.optim.Adam(method.parameters(), lr=rate)
    best, before = copy.deepcopy(method.state_dict()), _error(method, judges)
    found, number, last = 0, 0, before
    with tqdm(total=updates, disable=not progress, unit="update", leave=False, desc="adapting") as bar:
        while number < updates and number - found < PATIENCE * EVERY and (ends is None or time.monotonic() < ends):
            kept, _ = pairs[int(torch.randint(len(pairs), (), generator=generator))]
            _update(method, optimiser, kept, generator)
            number += 1
            bar.update()
            if number % EVERY == 0 or number == updates:
                error = _error(method, judges)
                bar.set_postfix(error=f"{error:.2%}")
                if error < last:
                    found, last, best = number, error, copy.deepcopy(method.state_dict())
    method.load_state_dict(best)
    return Adapted(method, before, last, found, number)


def check_adaptable(method: Method) -> None:
    """Raise where a scan can teach a method nothing.

    Raises:
        UserError: for a method that has no weights of a training.
    """
    if method.trained or next(method.parameters(), None) is None:
        text = f"{type(method).__name__} is no network that could be adapted"
        raise UserError(f"{text}; give one that was trained, such as --method modl or rim")


def _pairs(scan: Problem, generator: torch.Generator) -> list[tuple[Acquisition, Acquisition]]:
    """Return the samples of each slice or film to learn from, and those that judge."""
    if not isinstance(scan, Acquisition):
        raise UserError("only samples of k-space can be hidden; adapt to an Acquisition")
    [(kept, judges)] = scan.folds(1, JUDGES, generator)
    [(_, hidden)] = kept.folds(1, HIDDEN, torch.Generator())
    places = list(np.ndindex(*scan.shape[: -len(scan.axes)]))
    pairs = [(kept[place], judges[place]) for place in places if judges[place].mask.any() and hidden[place].mask.any()]
    if not pairs:
        text = "there are no samples that could be hidden: all of k-space is sampled, or too little of it"
        raise UserError(f"{text}; leave the adaptation out")
    return pairs


@torch.no_grad()
def _error(method: Method, judges: list[Example]) -> float:
    """Return the error at samples that are always hidden, relative to their norm."""
    squares = [_loss(method, example) for example in judges]
    return float(torch.stack(squares).mean().sqrt())


@torch.enable_grad()
def _update(method: Method, optimiser: torch.optim.Optimizer, scan: Acquisition, generator: torch.Generator) -> None:
    optimiser.zero_grad()
    [(seen, hidden)] = scan.folds(1, HIDDEN, generator)
    _loss(method, Example(seen, held=hidden)).backward()
    torch.nn.utils.clip_grad_norm_(method.parameters(), 1.0)
    optimiser.step()


def _loss(method: Method, example: Example) -> Tensor:
    normalised = example.normalised(method)
    return held_out(method.estimates(normalised.problem), normalised)
