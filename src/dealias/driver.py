"""What is the same for all methods and problems: batch, device, precision, progress.

`no_grad` and autocast are put around each `next`, not around the loop: a generator that yields inside such a
block would leak it to its consumer.
"""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from os import PathLike
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from tqdm import tqdm

from dealias.cards import load
from dealias.errors import UserError
from dealias.method import Method
from dealias.preparation import prepared, problem_of
from dealias.problem import Problem
from dealias.shapes import Kspace, Maps

Precision = Literal["float32", "bfloat16", "float64"]


def iterate(
    method: Method | str,
    problem: Problem | ArrayLike | Kspace | str | PathLike[str],
    *,
    maps: Maps | Literal["auto"] | None = "auto",
    precision: Precision = "float32",
    iterations: int | None = None,
) -> Iterator[Tensor]:
    """Yield every estimate of a problem's image (*batch, y, x), on the scale of its data; the last is the answer.

    Arguments:
        method: a method, or what `dealias.load` takes.
        problem: or the file of one, or an array of centred k-space (..., coil, y, x).
        maps: coil maps; "auto" keeps those of the acquisition, and estimates those of several coils that have none
            by ESPIRiT, with a Note; None drops them.
        precision: of the arithmetic; bfloat16 concerns networks only.
        iterations: how many estimates, where the method lets one choose; None is its own number.
    """
    method = _ready(method, precision, iterations)
    problem = prepared(problem_of(problem), maps, method)
    device = problem.data.device
    for x in _images(method, problem, precision):
        yield x.to(device)


def reconstruct(
    method: Method | str,
    problem: Problem | ArrayLike | Kspace | str | PathLike[str],
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
        problem: or the file of one, or an array of centred k-space (..., coil, y, x).
        maps: coil maps; "auto" keeps those of the acquisition, and estimates those of several coils that have none
            by ESPIRiT, with a Note; None drops them.
        batch: problems solved at once; None is 1 on a CPU, whose caches like it, and 8 on a GPU.
        precision: of the arithmetic; bfloat16 concerns networks only.
        iterations: how many estimates, where the method lets one choose; None is its own number.
        progress: show a bar on stderr.
    """
    if batch is not None and batch < 1:
        raise UserError(f"a batch of {batch} is impossible; give 1 or more")
    method = _ready(method, precision, iterations)
    problem = prepared(problem_of(problem), maps, method)
    method.check(problem)
    chunks = list(_chunks(problem, batch or (1 if _place(method, problem).type == "cpu" else 8), method))
    images: list[Tensor] = []
    with tqdm(total=len(chunks) * method.iterations, disable=not progress, unit="step", leave=False) as bar:
        for places in chunks:
            chunk = type(problem).stack([problem[place] for place in places])
            for image in _images(method, chunk, precision):
                last = image
                bar.update()
            images.extend(last.to(problem.data.device))
    return torch.stack(images).reshape(problem.shape)


def draw(
    method: Method | str,
    problem: Problem,
    count: int,
    *,
    seed: int = 0,
    maps: Maps | None = None,
    progress: bool = False,
) -> Tensor:
    """Return images drawn from the posterior of a problem (count, *batch, y, x), on the scale of its data.

    Arguments:
        count: how many.
        seed: of all that is drawn; each problem of a batch gets the same draws, whatever lies beside it.
        maps: coil maps; None keeps those of the acquisition, or estimates them as `reconstruct` does.
        progress: show a bar on stderr.

    Raises:
        UserError: for a count below one, or a method that samples no posterior.
    """
    if count < 1:
        raise UserError(f"{count} samples are impossible; give 1 or more")
    method = _ready(method, "float32", None)
    problem = prepared(problem, "auto" if maps is None else maps, method)
    method.check(problem)
    chunks = list(_chunks(problem, 1, method))
    drawn: list[Tensor] = []
    with tqdm(total=len(chunks) * count * method.iterations, disable=not progress, unit="step", leave=False) as bar:
        for places in chunks:
            chunk = type(problem).stack([problem[place] for place in places]).to(_place(method, problem), torch.float32)
            generator = torch.Generator().manual_seed(seed)
            for _ in range(count):
                for image in _without_gradients(partial(method.drawn, chunk, generator), chunk, "float32"):
                    last = image
                    bar.update()
                drawn.append(last.to(problem.data.device))
    return torch.stack(drawn).reshape(len(chunks), count, -1).movedim(0, 1).reshape(count, *problem.shape)


def _ready(method: Method | str, precision: Precision, iterations: int | None) -> Method:
    """Return a method in a precision and with so many iterations; what it was given stays as it is."""
    if precision not in get_args(Precision):
        raise UserError(f"precision '{precision}' is unknown; give one of {', '.join(get_args(Precision))}")
    method = load(method) if isinstance(method, str) else method
    if iterations is not None:
        method = copy.copy(method)  # shares the parameters
        method.iterations = iterations
    if method.iterations < 1:
        raise UserError(f"{method.iterations} iterations are impossible; give 1 or more")
    weight = next(method.parameters(), None)
    if weight is not None and weight.dtype != _number(precision):
        method = copy.deepcopy(method).to(_number(precision))
    return method


def _number(precision: Precision) -> torch.dtype:
    return torch.float64 if precision == "float64" else torch.float32


def _place(method: Method, problem: Problem) -> torch.device:
    """Return where the work is done: where the method's weights lie, else where the data do."""
    weight = next(method.parameters(), None)
    return problem.data.device if weight is None else weight.device


def _chunks(problem: Problem, size: int, method: Method) -> Iterator[list[tuple[int, ...]]]:
    """Yield the indices of some problems of a batch at a time."""
    lead = problem.shape[: len(problem.shape) - max(method.together(problem), len(problem.axes))]
    places = list(np.ndindex(*lead))
    for first in range(0, len(places), size):
        yield places[first : first + size]


def _images(method: Method, problem: Problem, precision: Precision) -> Iterator[Tensor]:
    """Yield every estimate of problems that are solved at once, on the device of the method."""
    problem = problem.to(_place(method, problem), _number(precision))
    return _without_gradients(partial(method.images, problem), problem, precision)


def _without_gradients(
    begin: Callable[[], Iterator[Tensor]], problem: Problem, precision: Precision
) -> Iterator[Tensor]:
    """Yield what a method yields, in a precision and without gradients, while the consumer may have them."""
    with torch.no_grad():
        images = begin()
    while True:
        with torch.no_grad(), torch.autocast(problem.data.device.type, torch.bfloat16, precision == "bfloat16"):
            image = next(images, None)
        if image is None:
            return
        yield image
