"""Deep basis pursuit: a network says how an image looks, and the data are kept within their noise.

    r_k = R(x_k),  x_{k+1} = argmin_x 1/2 ||x - r_k||^2  subject to  ||A x - y|| <= epsilon,  x_0 = A^H y

by alternating directions, z and u kept from one k to the next:

    (1 + lambda A^H A) x = r + lambda A^H (z - u),  z = y + P(A x + u - y),  u <- u + A x - z

| Unsupervised Deep Basis Pursuit: Learning inverse problems without ground-truth data (Tamir et al., 2019)
| https://arxiv.org/abs/1910.13110

P shortens to norm epsilon, which is what the noise of all samples is expected to have. One network serves all k.
Few steps of alternating directions hardly keep data of little weight, and lambda moves slowly: it begins at 10. The
ResNet's last block begins a hundredth as large as usual: r_0 = x_0, nearly.
"""

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor, nn

from dealias.errors import UserError
from dealias.method import Method
from dealias.networks.beginning import soften
from dealias.networks.channels import check_channels, check_sizes, to_channels, to_image
from dealias.networks.resnet import ResNetwork
from dealias.networks.unet import UNetwork
from dealias.noise import with_noise_level
from dealias.problem import Problem
from dealias.shapes import Image
from dealias.solvers.solve import solve


class BasisPursuit(Method):
    """The image of the last k: 815,617 parameters; 1,796,323 with block="unet" and features=32.

    Arguments:
        features: channels of the convolutions; of a U-Net those at full resolution.
        iterations: how often network and data take turns; any number at run time.
        block: "resnet", three blocks that add to their input, or "unet", whose output is the image.
        size: side of the ResNet's kernels, an odd number.
        directions: steps of alternating directions between two networks.
        gradients: conjugate gradients of each of them.
        ball: epsilon over the norm that noise is expected to have; 0 makes the data a constraint.
        channels: real channels of an image: 2 where it is complex, 1 where it is real.
    """

    def __init__(
        self,
        features: int = 64,
        iterations: int = 4,
        block: Literal["resnet", "unet"] = "resnet",
        size: int = 7,
        directions: int = 3,
        gradients: int = 10,
        ball: float = 1.0,
        channels: int = 2,
    ) -> None:
        super().__init__()
        check_sizes(features=features, iterations=iterations, size=size, channels=channels)
        check_sizes(directions=directions, gradients=gradients)
        if block not in ("resnet", "unet") or size % 2 == 0 or not 0 <= ball < float("inf"):
            raise UserError("block is resnet or unet, size is odd, ball is zero or more; correct them")
        self.iterations = iterations
        self.directions = directions
        self.gradients = gradients
        self.ball = ball
        self.takes_noise = ball > 0
        self.channels = channels
        self.network: nn.Module = (
            ResNetwork(channels, features, 3, size)
            if block == "resnet"
            else UNetwork(channels, channels, features, 3, "max", normalised=False, enlarging="bilinear")
        )
        for layer in self.network.blocks[-1].children() if isinstance(self.network, ResNetwork) else ():
            soften(layer)
        self.trust = nn.Parameter(torch.tensor(10.0).log())  # log lambda

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one image per network."""
        x = problem.zero_filled
        check_channels(x, self.channels)
        epsilon, weight = self._epsilon(problem), self.trust.exp()
        y, operator = problem.data, problem.operator
        axes = tuple(range(len(problem.shape) - problem.coupled, y.ndim))

        def normal(x: Image) -> Image:
            return x + weight * operator.normal(x)

        z = operator.forward(x)
        u = torch.zeros_like(z)
        for _ in range(self.iterations):
            r = to_image(self.network(to_channels(x)), x)
            for _ in range(self.directions):
                right = r + weight * operator.adjoint(z - u)
                x = solve(normal, right, self.gradients, problem.coupled, start=x.detach()).x
                seen = operator.forward(x)
                z = y + _within(epsilon, seen + u - y, axes)
                u = u + seen - z
            yield x

    def _epsilon(self, problem: Problem) -> Tensor:
        """Return the radius of each problem's ball, with as many axes as its data."""
        lead = len(problem.shape) - problem.coupled
        if not self.ball:
            return problem.data.real.new_zeros(())
        noise_std = with_noise_level(problem).noise_std
        assert noise_std is not None
        parts = 2 if problem.data.is_complex() else 1
        energy = (parts * noise_std.square() * (problem.data != 0)).flatten(lead).sum(-1)
        return self.ball * energy.sqrt().reshape(*energy.shape, *(1,) * (problem.data.ndim - lead))


def _within(epsilon: Tensor, residual: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Return residuals, each shortened to a norm of epsilon where it is longer."""
    energy = residual.abs().square().sum(axes, keepdim=True)
    longer = energy > epsilon.square()
    return residual * torch.where(longer, epsilon / torch.where(longer, energy, 1).sqrt(), 1)
