"""A generator as a prior: the image among those that it can make that explains the data best.

    min_z ||A G(z) - y||^2 + lambda ||z||^2, the best of several beginnings

| Compressed Sensing using Generative Models (Bora et al., 2017), equation 3 and section 6
| https://arxiv.org/abs/1703.03208

Few numbers make an image, so that few samples fix it; but most images are none of the generator's, however many samples
there are. Its images have one size and no phase: the middle of k-space gives the phase, they are interpolated to the
size of the data, and what was measured is put back at the end.
"""

from typing import Any

from torch import Tensor

from dealias.errors import UserError
from dealias.methods._latent import Latent
from dealias.methods._prior import prior_of
from dealias.priors.generator import Generator


class GeneratorPrior(Latent):
    """The image of a generator that explains the data.

    Arguments:
        prior: weights of a generator, by file or name; or the arguments of a random one, as a card has them.
        iterations: updates of z.
        rate: the learning rate of Adam.
        weight: lambda, of the image's maximum squared.
        restarts: random z to begin with, of which the least objective wins.
        start: deviation of the numbers that z begins with.
        seed: of these numbers, the same for every problem of a batch.
    """

    def __init__(
        self,
        prior: str | dict[str, Any] = "generator",
        iterations: int = 500,
        rate: float = 0.05,
        weight: float = 1e-3,
        restarts: int = 5,
        start: float = 1.0,
        seed: int = 0,
    ) -> None:
        loaded = prior_of(self, Generator, prior)
        super().__init__(loaded.size, loaded.length, iterations, rate, restarts, start, seed)
        if not 0 <= weight < float("inf"):
            raise UserError(f"weight cannot be {weight}; give zero or more")
        self.prior = loaded
        self.weight = weight

    def decoded(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return the generator's images, and what their z cost."""
        return self.prior.decode(z), self.weight * z.square().sum(-1)
