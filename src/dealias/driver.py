"""What is the same for all methods: normalise, batch, precision, progress, rescale.

`no_grad` and autocast are put around each `next`, not around the loop: a generator that yields inside such a
block would leak it to its consumer.
"""

import copy
import warnings
from collections.abc import Iterator
from itertools import product
from typing import Literal, get_args

import torch
from torch import Tensor
from tqdm import tqdm

from dealias.acquisition import Acquisition
from dealias.cards import load
from dealias.coils import espirit
from dealias.errors import Note, UserError
from dealias.method import Method
from dealias.problem import Problem
from dealias.shapes import Maps

Precision = Literal["float32", "bfloat16", "float64"]


def iterate(
    method: Method | str,
    problem: Problem,
    *,
    maps: Maps | Literal["auto"] | None = "auto",
    precision: Precision = "float32",
    iterations: int | None = None,
) -> Iterator[Tensor]:
    """Yield every estimate of a problem's image (*batch, y, x), on the scale of its data; the last is the answer.

    Arguments:
        method: a method, or what `dealias.load` takes.
        maps: coil maps; "auto" keeps those of the acquisition, and estimates those of several coils that have none
            by ESPIRiT, with a Note; None drops them.
        precision: of the arithmetic; bfloat16 concerns networks only.
        iterations: how many estimates, where the method lets one choose; None is its own number.
    """
    device = problem.data.device
    method, problem = _prepared(method, problem, maps, precision, iterations)
    for x in _estimates(method, problem, precision):
        yield x.to(device)


def reconstruct(
    method: Method | str,
    problem: Problem,
    *,
    maps: Maps | Literal["auto"] | None = "auto",
    batch: int | None = None,
    precision: Precision = "float32",
    iterations: int | None = None,
    progress: bool = False,
) -> Tensor:
    """Return the image (*batch, y, x) of a problem, on the scale of its data.

    Arguments:
        method: a method, or what `dealias.load` takes.
        maps: coil maps; "auto" keeps those of the acquisition, and estimates those of several coils that have none
            by ESPIRiT, with a Note; None drops them.
        batch: problems solved at once; None is 1 on a CPU, whose caches like it, and 8 on a GPU.
        precision: of the arithmetic; bfloat16 concerns networks only.
        iterations: how many estimates, where the method lets one choose; None is its own number.
        progress: show a bar on stderr.
    """
    if batch is not None and batch < 1:
        raise UserError(f"a batch of {batch} is impossible; give 1 or more")
    device = problem.data.device
    method, problem = _prepared(method, problem, maps, precision, iterations)
    lead = problem.shape[: -max(method.dimensions, problem.dimensions)]
    places = list(product(*(range(n) for n in lead)))
    size = batch or (1 if problem.data.device.type == "cpu" else 8)
    images: list[Tensor] = []
    with tqdm(total=len(places) * method.iterations, disable=not progress, unit="step", leave=False) as bar:
        for first in range(0, len(places), size):
            chunk = [problem[place] for place in places[first : first + size]]
            for image in _estimates(method, type(problem).stack(chunk), precision):
                last = image
                bar.update(len(chunk))
            images.extend(last)
    return torch.stack(images).reshape(problem.shape).to(device)


def _prepared(
    method: Method | str,
    problem: Problem,
    maps: Maps | Literal["auto"] | None,
    precision: Precision,
    iterations: int | None,
) -> tuple[Method, Problem]:
    if precision not in get_args(Precision):
        raise UserError(f"precision '{precision}' is unknown; give one of {', '.join(get_args(Precision))}")
    method = load(method) if isinstance(method, str) else method
    if iterations is not None:
        method = copy.copy(method)  # shares the parameters
        method.iterations = iterations
    if method.iterations < 1:
        raise UserError(f"{method.iterations} iterations are impossible; give 1 or more")
    if isinstance(problem, Acquisition):
        problem = _with_maps(problem, maps)
    dtype = torch.float64 if precision == "float64" else torch.float32
    weight = next(method.parameters(), None)
    if weight is not None and weight.dtype != dtype:
        method = copy.deepcopy(method).to(dtype)
    needed, given = method.dimensions, len(problem.shape)
    if given < needed:
        text = f"{type(method).__name__} needs a film or volume; this image has only {given} axes"
        raise UserError(f"{text}; name its time with --axes: 'time coil y x', of images 'time y x'")
    if isinstance(problem, Acquisition) and problem.dimensions < needed and problem.shape[-needed] > 1:
        text = f"{type(method).__name__} takes these {problem.shape[-needed]} slices for frames of one film"
        warnings.warn(Note(f"{text}; if they are, say so with --axes 'time coil y x', dimensions=3"), stacklevel=3)
    return method, problem.to(None if weight is None else weight.device, dtype)


def _with_maps(acquisition: Acquisition, maps: Maps | Literal["auto"] | None) -> Acquisition:
    if not isinstance(maps, str):
        return acquisition.with_maps(maps)
    if maps != "auto":
        raise UserError(f"maps cannot be '{maps}'; give a tensor, None, or \"auto\" for those that ESPIRiT estimates")
    if acquisition.maps is not None or acquisition.coils == 1:
        return acquisition
    estimated = acquisition.with_maps(espirit(acquisition))
    warnings.warn(Note("coil maps estimated by ESPIRiT from the fully sampled centre of k-space"), stacklevel=4)
    return estimated


def _estimates(method: Method, problem: Problem, precision: Precision) -> Iterator[Tensor]:
    device = problem.data.device.type
    with torch.no_grad():
        normalised, scale = method.normalised(problem)
    unseen = _unseen(problem)
    steps = method.estimates(normalised)
    while True:
        with torch.no_grad(), torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
            x = next(steps, None)
        if x is None:
            return
        image = x * scale
        yield image if unseen is None else image.masked_fill(unseen, 0)


def _unseen(problem: Problem) -> Tensor | None:
    """Return the pixels (*batch, y, x) that no coil sees, where a network's image would be invention."""
    if not isinstance(problem, Acquisition) or problem.maps is None:
        return None
    unseen = (problem.maps == 0).all(-3)
    return unseen if bool(unseen.any()) else None
