"""What methods share that draw from the posterior of a score prior: chains of images, and their mean."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor

from dealias.method import Method
from dealias.methods._prior import prior_of
from dealias.networks.channels import check_sizes
from dealias.priors.score import Score
from dealias.problem import Problem
from dealias.shapes import Image


class Sampler(Method):
    """The mean of so many chains, each of which ends at one image that the data and the prior allow.

    Arguments:
        prior: weights of a score prior, by file or name; or the arguments of a random one, as a card has them.
        iterations: noise levels.
        first: the noise level at which chains begin, of the image's maximum.
        chains: how many images are averaged.
        seed: of the noise, the same for every problem of a batch.
    """

    trained: ClassVar[bool] = True

    def __init__(self, prior: str | dict[str, Any], iterations: int, first: float, chains: int, seed: int) -> None:
        super().__init__()
        check_sizes(iterations=iterations, chains=chains)
        self.prior = prior_of(self, Score, prior)
        self.iterations = iterations
        self.first = first
        self.chains = chains
        self.seed = seed
        self.takes_noise = True
        self.prior.levels(first, iterations)

    @abstractmethod
    def chain(self, problem: Problem, generator: torch.Generator) -> Iterator[Image]:
        """Yield an image (*batch, y, x) for each noise level; the last is drawn from the posterior."""

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield the mean of all chains, one per noise level."""
        generators = [torch.Generator().manual_seed(self.seed + number) for number in range(self.chains)]
        for images in zip(*(self.chain(problem, generator) for generator in generators), strict=True):
            yield torch.stack(images).mean(0)

    def noise(self, problem: Problem, generator: torch.Generator) -> Image:
        """Return white noise of deviation one in each part, for one problem, to be shared over the batch."""
        like = problem.zero_filled
        shape = like.shape[-max(self.together(problem), len(problem.axes)) :]
        if not like.is_complex():
            return torch.randn(shape, generator=generator).to(like)
        return torch.view_as_complex(torch.randn((*shape, 2), generator=generator)).to(like)
