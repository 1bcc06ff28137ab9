"""Several methods at once, weighed by how well each predicts samples of the scan that were hidden from it.

    x = sum_i w_i x_i,  w = argmin_w sum_{k in H} |y_k - sum_i w_i (A x_i^H)_k|^2,  w_i >= 0,  sum_i w_i = 1

H are some of the measured samples, x_i^H is what method i makes of the others, x_i of all. Twice others are hidden,
and the sums added: of few lines or of bright samples near the centre, chance alone would decide.

| Stacked generalization (Wolpert, 1992), section 2 | https://doi.org/10.1016/S0893-6080(05)80023-1
| Stacked regressions (Breiman, 1996), section 3: weights of zero or more | https://doi.org/10.1007/BF00117832

The errors of unlike methods are unlike, so that the mean is often better than each. It costs what they cost, thrice.
"""

import re
from collections.abc import Iterator
from itertools import combinations

import torch
from torch import Tensor, nn

from dealias import cards
from dealias.acquisition import Acquisition
from dealias.decisions import decided, decisions
from dealias.errors import UserError
from dealias.method import Method
from dealias.problem import Problem

RIDGE = 0.03  # of the mean energy of residuals: of 0.01, 0.03, 0.1 and 0.3 the best on six brains and four heads


class Stacked(Method):
    """The weighted mean of several methods; equal weights where nothing can be hidden.

    Arguments:
        of: names of methods or weights, with commas between; with arguments as `wavelet:levels=2`.
        share: of the samples beyond the centre that are hidden to find the weights; of whole lines, lines.
        seed: of which are hidden.
        sets: how often others are hidden.
    """

    iterations = 1
    trained = True

    def __init__(self, of: str = "wavelet,rim,modl", share: float = 0.1, seed: int = 0, sets: int = 2) -> None:
        super().__init__()
        names = [name.strip() for name in of.split(",") if name.strip()]
        if len(names) < 2 or not 0 < share < 1 or sets < 1:
            text = "give two methods or more with commas between, a share between 0 and 1 and one set or more"
            raise UserError(f"{text}; correct them")
        self.share, self.seed, self.sets = share, seed, sets
        self.labels = [f"weight_{label}" for label in _labels(names)]
        self.methods = nn.ModuleList(cards.load_written(name) for name in names)
        if len({method.joint for method in self.methods}) > 1:
            raise UserError("methods for films and for images cannot be stacked; choose those of one kind")
        self.takes_noise = any(method.takes_noise for method in self.methods)

    def together(self, problem: Problem) -> int:
        """Return how many trailing axes of the image the methods solve as one."""
        return max(int(method.together(problem)) for method in self.methods)  # type: ignore[operator]

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield the one image."""
        w = self.weights(problem).to(problem.zero_filled.real)
        decided([dict(zip(self.labels, one, strict=True)) for one in w.reshape(-1, len(self.labels)).tolist()])
        with decisions():  # those of the methods are parts of this one
            images = [method(problem) for method in self.methods]
        yield sum(w[..., i] * image for i, image in enumerate(images))

    def weights(self, problem: Problem) -> Tensor:
        """Return the weight of each method for each problem (*batch, 1, 1, method)."""
        together, count = self.together(problem), len(self.methods)
        lead = problem.shape[: len(problem.shape) - together]
        equal = torch.full((*lead, *(1,) * together, count), 1 / count, dtype=torch.float64)
        if not isinstance(problem, Acquisition):
            return equal
        pairs = [pair for pair in problem.folds(self.sets, self.share, self.seed) if pair[1].mask.any()]
        if not pairs or not equal.numel():
            return equal
        products = torch.stack([self._products(seen, hidden, len(lead)) for seen, hidden in pairs]).sum(0)
        best = [_best(product) for product in products.reshape(-1, count, count)]
        return torch.stack(best).reshape(equal.shape)

    def _products(self, seen: Acquisition, hidden: Acquisition, batch: int) -> Tensor:
        """Return the inner products of the methods' errors at hidden samples (*batch, method, method)."""
        with decisions():
            images = [method(seen) for method in self.methods]
        errors = [(hidden.operator.forward(image) - hidden.kspace).flatten(batch) for image in images]
        rest = torch.stack(errors, -2).to(torch.complex128)
        return (rest @ rest.mH).real


def _labels(names: list[str]) -> list[str]:
    """Return what to call methods, in letters and digits, each otherwise."""
    found = [re.sub(r"\W+", "_", name)[-20:] for name in names]
    return found if len({*found}) == len(found) else [f"{number}_{name}" for number, name in enumerate(found, start=1)]


def _best(products: Tensor) -> Tensor:
    """Return the weights of sum one, none negative, of the smallest sum of residuals: the best of every set of methods.

    Arguments:
        products: inner products of the methods' residuals (method, method).
    """
    count = len(products)
    # methods that are alike: rather all of them than one by chance
    products = products + RIDGE * products.trace() / count * torch.eye(count).to(products)
    found, least = products.new_full((count,), 1 / count), float("inf")
    for size in range(1, count + 1):
        for chosen in combinations(range(count), size):
            part = products[list(chosen)][:, list(chosen)]
            w = torch.linalg.pinv(part).sum(-1)
            if not w.sum() > 0 or w.min() < 0:
                continue
            w = w / w.sum()
            value = float(w @ part @ w)
            if value < least:
                least, found = value, torch.zeros_like(found)
                found[list(chosen)] = w
    return found
