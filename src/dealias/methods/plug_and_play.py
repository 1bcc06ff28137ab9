"""Plug and play: a denoiser takes the place of a regularisation, at noise levels that fall from step to step.

    z = D(x; sigma_k),  x <- argmin_x ||A x - y||^2 + rho_k ||x - z||^2,  rho_k = lambda sigma_y^2 / sigma_k^2

| Plug-and-Play Image Restoration with Deep Denoiser Prior (Zhang et al., 2021), algorithm 1: levels that fall
| https://arxiv.org/abs/2008.13751
| Plug-and-Play priors for model based reconstruction (Venkatakrishnan et al., 2013): a denoiser as a prior
| https://doi.org/10.1109/GlobalSIP.2013.6737048

D is the denoiser that the score prior learned; x begins as A^H y. Conjugate gradients solve for x, which for one coil
is what the paper writes down. Nothing is drawn: it gives one image, no samples, in a fraction of a sampler's time.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from torch import Tensor

from dealias.errors import UserError
from dealias.method import Method
from dealias.methods._prior import prior_of
from dealias.methods._proximal import proximal_step
from dealias.networks.channels import check_sizes
from dealias.priors.score import Score
from dealias.problem import Problem


class PlugAndPlay(Method):
    """The image that a denoiser and the data agree on, alternating between them.

    Arguments:
        prior: weights of a score prior, by file or name; or the arguments of a random one, as a card has them.
        iterations: noise levels, each one pass of the network.
        first: the noise level at which it begins, of the image's maximum; those of aliasing are the loudest.
        last: the noise level at which it ends.
        prior_weight: lambda; more trusts the prior more than the data.
        gradients: conjugate gradients of each data step.
    """

    trained: ClassVar[bool] = True

    def __init__(
        self,
        prior: str | dict[str, Any] = "score",
        iterations: int = 40,
        first: float = 0.5,
        last: float = 0.01,
        prior_weight: float = 1.0,
        gradients: int = 6,
    ) -> None:
        super().__init__()
        check_sizes(iterations=iterations, gradients=gradients)
        if not 0 < prior_weight < float("inf"):
            raise UserError(f"prior_weight cannot be {prior_weight}; give more than zero")
        if first < last:
            raise UserError(f"noise falls from first to last, not from {first} to {last}; exchange them")
        self.prior = prior_of(self, Score, prior)
        self.prior.levels(first, iterations, last)
        self.iterations = iterations
        self.first = first
        self.last = last
        self.prior_weight = prior_weight
        self.gradients = gradients
        self.takes_noise = True

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield the image that the data corrected, at each level."""
        x = problem.zero_filled
        for sigma in self.prior.levels(self.first, self.iterations, self.last):
            x = proximal_step(problem, self.prior.denoised(x, sigma), sigma, self.prior_weight, self.gradients)
            yield x
