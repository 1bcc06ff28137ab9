"""A flow as a prior: the image whose z is small, or that is probable, or both, among those that explain the data.

    min_z ||A G(z) - y||^2 + lambda ||z||_1 - beta log p(G(z))

| Composing Normalizing Flows for Inverse Problems (Whang et al., 2021): maximum a posteriori with a flow
| https://arxiv.org/abs/2002.11743
| Invertible generative models for inverse problems (Asim et al., 2020), equation 4: a penalty of z alone
| https://arxiv.org/abs/1905.11672

The study that this follows compared three objectives: lambda alone, beta alone, both. G makes magnitude images of one
size. Here the middle of k-space gives their phase, the prior's image is interpolated to the size of the data, and what
was measured is put back at the end: what lies beyond the frequencies of the prior's size comes from the data alone.
"""

from typing import Any

from torch import Tensor

from dealias.errors import UserError
from dealias.methods._latent import Latent
from dealias.methods._prior import prior_of
from dealias.operators.resize import Resize
from dealias.priors.flow import Flow
from dealias.shapes import Image


class FlowPrior(Latent):
    """The image of a spline flow that explains the data.

    Arguments:
        prior: weights of a flow, by file or name; or the arguments of a random one, as a card has them.
        iterations: updates of z.
        rate: the learning rate of Adam.
        l1_weight: lambda, of the image's maximum squared.
        probability_weight: beta, likewise, of the density in nats. For data of noise sigma in each part it would be
            2 sigma^2 if the flow were right; both weights were chosen on two brains at 4x.
        start: deviation of the numbers that z begins with; 0 begins at the flow's middle, none at the z of A^H y.
        restarts: random z to begin with, of which the least objective wins.
        seed: of these numbers, the same for every problem of a batch.
    """

    def __init__(
        self,
        prior: str | dict[str, Any] = "flow",
        iterations: int = 60,
        rate: float = 0.1,
        l1_weight: float = 5e-3,
        probability_weight: float = 5e-3,
        start: float | None = None,
        restarts: int = 1,
        seed: int = 0,
    ) -> None:
        loaded = prior_of(self, Flow, prior)
        super().__init__(loaded.size, loaded.length, iterations, rate, restarts, start or 0.0, seed)
        if not 0 <= l1_weight < float("inf") or not 0 <= probability_weight < float("inf"):
            raise UserError("l1_weight and probability_weight must be zero or more; correct them")
        self.prior = loaded
        self.l1_weight = l1_weight
        self.probability_weight = probability_weight
        self.at_data = start is None

    def beginning(self, zero_filled: Image) -> Tensor:
        """Return the z of the zero-filled image at the flow's size, or random ones."""
        if not self.at_data:
            return super().beginning(zero_filled)
        small = Resize((zero_filled.shape[-2], zero_filled.shape[-1]), self.size)(zero_filled)
        z, _ = self.prior.encode(small.abs())
        return z.detach().expand(self.restarts, *z.shape).clone()

    def decoded(self, z: Tensor) -> tuple[Image, Tensor]:
        """Return the flow's images, and what their z and their improbability cost."""
        x, log_prob = self.prior.decode(z)
        return x, self.l1_weight * z.abs().sum(-1) - self.probability_weight * log_prob
