"""A score prior by annealed Langevin dynamics: noise that grows quieter, pulled towards images and towards the data.

    x <- x + eta_l (s(x; sigma_l) + A^H (y - A x) / (sigma_l^2 + sigma_y^2)) + sqrt(2 eta_l) n,  eta_l = step sigma_l^2

| Robust Compressed Sensing MRI with Deep Generative Priors (Jalal et al., 2021), equation 4
| https://arxiv.org/abs/2108.01368
| Improved Techniques for Training Score-Based Generative Models (Song and Ermon, 2020): the last denoising
| https://arxiv.org/abs/2006.09011

The paper anneals the noise of the data by a gamma_l of its own, which is sigma_l here. Its published code has no noise
of the data at all: `data_term="normalised"` is its -5 ||s|| g / ||g||, g = A^H (A x - y), norms of each problem. It
walks down some 1,150 levels below 1.2 in three or four steps each; `step` is 1.15 there.
"""

from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.methods._sampler import Sampler
from dealias.networks.channels import check_sizes
from dealias.noise import noise_level
from dealias.problem import Problem
from dealias.shapes import Image
from dealias.solvers.inner_product import inner_product

WEIGHT = 5.0  # of the normalised data term, in all configurations of the paper's code


class ScorePrior(Sampler):
    """The mean of images drawn from the posterior by annealed Langevin dynamics.

    Arguments:
        prior: weights of a score prior, by file or name; or the arguments of a random one, as a card has them.
        iterations: noise levels.
        steps: of each level.
        step: size of a step, of the level's variance; less than 2, and the less the more exact.
        first: the noise level at which chains begin, of the image's maximum.
        data_term: "likelihood", as the paper has it, or "normalised", as its code.
        chains: how many images are averaged.
        seed: of the noise, the same for every problem of a batch.
    """

    def __init__(
        self,
        prior: str | dict[str, Any] = "score",
        iterations: int = 100,
        steps: int = 3,
        step: float = 0.3,
        first: float = 1.0,
        data_term: Literal["likelihood", "normalised"] = "likelihood",
        chains: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__(prior, iterations, first, chains, seed)
        check_sizes(steps=steps)
        if not 0 < step < 2 or data_term not in ("likelihood", "normalised"):
            raise UserError("step is between 0 and 2, data_term likelihood or normalised; correct them")
        self.steps = steps
        self.step = step
        self.data_term = data_term

    def chain(self, problem: Problem, generator: torch.Generator) -> Iterator[Image]:
        """Yield the noisy image after each level; the last without its noise."""
        variance = noise_level(problem).square()
        levels = self.prior.levels(self.first, self.iterations)
        x = problem.zero_filled + levels[0] * self.noise(problem, generator)
        for sigma in levels:
            size = self.step * sigma**2
            for _ in range(self.steps):
                score = self.prior.score(x, sigma)
                pull = score + self._data(problem, x, score, sigma**2 + variance)
                x = x + size * pull + (2 * size) ** 0.5 * self.noise(problem, generator)
            yield x if sigma > levels[-1] else self.prior.denoised(x, sigma)

    def _data(self, problem: Problem, x: Image, score: Image, variance: Tensor) -> Image:
        gradient = problem.gradient(x)
        if self.data_term == "likelihood":
            return -gradient / variance
        axes = max(self.together(problem), len(problem.axes))
        pull, force = (inner_product(value, value, axes).sqrt() for value in (gradient, score))
        return -WEIGHT * force * gradient / torch.where(pull > 0, pull, 1)
