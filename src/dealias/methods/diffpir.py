"""DiffPIR: at every noise level the prior removes the noise, the data correct what is left, and less noise returns.

    x_0 = D(x; sigma),  z = argmin_z ||A z - y||^2 + rho ||z - x_0||^2,  rho = lambda sigma_y^2 / sigma^2
    x <- z + sigma' (sqrt(1 - zeta) (x - z) / sigma + sqrt(zeta) n)

| Denoising Diffusion Models for Plug-and-Play Image Restoration (Zhu et al., 2023), algorithm 1
| https://arxiv.org/abs/2305.08995

The paper's images shrink while noise is added, ours keep their size: the same steps in other units. Conjugate gradients
solve for z, which for one coil is what the paper writes down. Its chain begins at noise alone, ours at A^H y and noise,
since the prior learned no level at which images vanish. The last image is z.
"""

from collections.abc import Iterator
from typing import Any

import torch

from dealias.errors import UserError
from dealias.methods._proximal import proximal_step
from dealias.methods._sampler import Sampler
from dealias.networks.channels import check_sizes
from dealias.problem import Problem
from dealias.shapes import Image


class DiffPIR(Sampler):
    """The mean of images drawn by diffusion with proximal data steps.

    Arguments:
        prior: weights of a score prior, by file or name; or the arguments of a random one, as a card has them.
        iterations: noise levels, each one pass of the network.
        first: the noise level at which chains begin, of the image's maximum.
        prior_weight: lambda; more trusts the prior more than the data.
        renewal: zeta, from 0, the chain keeps its noise, to 1, every level draws its own. Much of it makes better
            images, 4 dB at 4x on a brain, that lie closer together than the posterior's: their spread is no error bar.
        gradients: conjugate gradients of each data step.
        chains: how many images are averaged.
        seed: of the noise, the same for every problem of a batch.
    """

    def __init__(
        self,
        prior: str | dict[str, Any] = "score",
        iterations: int = 80,
        first: float = 1.0,
        prior_weight: float = 1.0,
        renewal: float = 1.0,
        gradients: int = 6,
        chains: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__(prior, iterations, first, chains, seed)
        check_sizes(gradients=gradients)
        if not 0 < prior_weight < float("inf") or not 0 <= renewal <= 1:
            raise UserError("prior_weight must be more than zero, renewal from 0 to 1; correct them")
        self.prior_weight = prior_weight
        self.renewal = renewal
        self.gradients = gradients

    def chain(self, problem: Problem, generator: torch.Generator) -> Iterator[Image]:
        """Yield the image that the data corrected, at each level."""
        levels = self.prior.levels(self.first, self.iterations)
        x = problem.zero_filled + levels[0] * self.noise(problem, generator)
        for sigma, following in zip(levels, [*levels[1:], 0.0], strict=True):
            z = proximal_step(problem, self.prior.denoised(x, sigma), sigma, self.prior_weight, self.gradients)
            kept, fresh = (1 - self.renewal) ** 0.5 / sigma, self.renewal**0.5
            x = z + following * (kept * (x - z) + fresh * self.noise(problem, generator))
            yield z
