"""A method whose arguments the scan chooses: those that predict best some of its samples that were hidden.

    x = x_a,  a = argmin_a sum_{k in H} |y_k - (A x_a^H)_k|^2

H are some of the measured samples, x_a^H is what the method with argument a makes of the others, x_a of all.

| Cross-validatory choice and assessment of statistical predictions (Stone, 1974), equation 3.2
| https://doi.org/10.1111/j.2517-6161.1974.tb00994.x
| Compressed sensing with cross validation (Ward, 2009), section II | https://doi.org/10.1109/TIT.2009.2032712

A method says itself which of its arguments are worth it: `Method.knobs`. Several are chosen one after the other. One
stays as it was unless the gain exceeds its standard error: few lines cannot tell.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dealias import cards
from dealias.acquisition import Acquisition
from dealias.decisions import decided, decisions
from dealias.errors import UserError
from dealias.hidden_samples import errors, gain
from dealias.method import Method
from dealias.problem import Problem


class Tuned(Method):
    """The image of a method, its arguments chosen for each slice or film; as they are where nothing can be hidden.

    It costs one run for each value that is tried and one more.

    Arguments:
        of: name of the method or weight; with arguments as `wavelet:levels=2`.
        share: of the samples beyond the centre that are hidden; of whole lines, lines.
        seed: of which are hidden, and of what the method draws.
    """

    iterations = 1
    trained = True

    def __init__(self, of: str = "wavelet", share: float = 0.1, seed: int = 0) -> None:
        super().__init__()
        if not 0 < share < 1:
            raise UserError("share lies between 0 and 1; correct it")
        self.share, self.seed = share, seed
        self.method = cards.load_written(of, seed=seed)
        if not self.method.knobs:
            text = f"{of} has no argument that a scan chooses better than it does itself"
            raise UserError(f"{text}; leave it as it is, or tune wavelet, or kt_slr for films")
        self.takes_noise = self.method.takes_noise

    def together(self, problem: Problem) -> int:
        """Return how many trailing axes of the image the method solves as one."""
        return self.method.together(problem)

    def check(self, problem: Problem) -> None:
        """Raise where the problem is none for the method."""
        self.method.check(problem)

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield the one image."""
        lead = problem.shape[: len(problem.shape) - max(self.together(problem), len(problem.axes))]
        places = list(np.ndindex(*lead))
        best = [chosen(self.method, problem[place], self.method.knobs, self.share, self.seed) for place in places]
        decided([{name: _number(value) for name, value in one.items()} for one in best])
        with decisions():  # those of the method itself are no news
            images = [
                self.method.with_arguments(**one)(problem[place]) for place, one in zip(places, best, strict=True)
            ]
        yield torch.stack(images).reshape(problem.shape)


def chosen(
    method: Method, problem: Problem, knobs: Mapping[str, Sequence[Any]], share: float = 0.1, seed: int = 0
) -> dict[str, Any]:
    """Return the arguments that suit a problem without batch axes.

    Arguments:
        knobs: names of arguments, each with values to try beside that of the method.
        share: of the samples beyond the centre that are hidden.
        seed: of which are hidden.
    """
    found = {name: method.arguments[name] for name in knobs}
    if not isinstance(problem, Acquisition):
        return found
    [(seen, hidden)] = problem.folds(1, share, seed)
    if not hidden.mask.any():
        return found
    for name, values in knobs.items():
        tried = list(dict.fromkeys([found[name], *values]))
        with decisions():
            images = [method.with_arguments(**{**found, name: value})(seen) for value in tried]
        wrong = [errors(hidden, image) for image in images]
        gains = [gain(wrong[0], other) for other in wrong]
        found[name] = tried[gains.index(max(gains))]
    return found


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
