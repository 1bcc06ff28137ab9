"""Model-based deep learning: a network removes what is no image, conjugate gradients put the data back.

    r_k = x_k + D(x_k),  x_{k+1} = argmin_x ||A x - y||^2 + lambda ||x - r_k||^2
                                 = (A^H A + lambda)^-1 (A^H y + lambda r_k)

| MoDL: Model-Based Deep Learning Architecture for Inverse Problems (Aggarwal et al., 2019), equations 9 and 10
| https://arxiv.org/abs/1712.02862

One network serves all iterations. By default it is the paper's: five convolutions, x_0 = A^H y, a learned lambda.
`start="wavelet"` begins at the image of compressed sensing, so that a network of few hours need not learn what
sparsity knows; `block="unet"` sees far; `noise_input` tells the network the noise level, and lets lambda grow with it.
"""

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor, nn

from dealias.errors import UserError
from dealias.method import Method
from dealias.methods._noise_channel import SILENCE, noise_channel
from dealias.methods._start import sparse_image
from dealias.networks.channels import check_channels, check_sizes, to_channels, to_image
from dealias.networks.unet import UNetwork
from dealias.noise import noise_level
from dealias.problem import Problem
from dealias.shapes import Image
from dealias.solvers.solve import solve

USUAL = 1e-3  # noise relative to the image's maximum at which the learned lambda is said


class MoDL(Method):
    """The image of the last iteration.

    Arguments:
        features: channels of the convolutions; of a U-Net those at full resolution.
        iterations: of network and data; any number at run time.
        block: "cnn", five convolutions with batch norm as the paper's, or "unet".
        start: what the first iteration sees: A^H y, or a sparse image by 20 iterations.
        gradients: conjugate gradients of each data step.
        noise_input: feed the noise level and the gradient A^H (A x - y) as further channels.
        channels: real channels of an image: 2 where it is complex, 1 where it is real.
    """

    def __init__(
        self,
        features: int = 64,
        iterations: int = 10,
        block: Literal["cnn", "unet"] = "cnn",
        start: Literal["zero_filled", "wavelet"] = "zero_filled",
        gradients: int = 10,
        noise_input: bool = False,
        channels: int = 2,
    ) -> None:
        super().__init__()
        check_sizes(features=features, iterations=iterations, gradients=gradients, channels=channels)
        if block not in ("cnn", "unet") or start not in ("zero_filled", "wavelet"):
            raise UserError("block is cnn or unet, start is zero_filled or wavelet; correct them")
        self.iterations = iterations
        self.gradients = gradients
        self.channels = channels
        self.noise_input = self.takes_noise = noise_input
        self.sparse = start == "wavelet"
        seen = 2 * channels + 1 if noise_input else channels
        self.network: nn.Module = (
            _convolutions(seen, channels, features)
            if block == "cnn"
            else UNetwork(seen, channels, features, 3, "average", normalised=False)
        )
        if isinstance(self.network, UNetwork):
            self.network.outwards.weight.data *= 0.1  # begins near the image that it starts from
        # log lambda, at first the paper's 0.05, and how it grows with the logarithm of the noise level
        self.trust = nn.Parameter(torch.tensor([-3.0, 1.0][: 1 + noise_input]))

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one image per iteration."""
        check_channels(problem.zero_filled, self.channels)
        x = sparse_image(problem) if self.sparse else problem.zero_filled
        weight, level = self.trust[0].exp(), None
        if self.noise_input:
            noise = noise_level(problem).clamp_min(SILENCE).expand(*x.shape[:-2], 1, 1)
            weight = (self.trust[0] + self.trust[1] * (noise / USUAL).log()).exp()
            level = noise_channel(problem).expand(-1, 1, *x.shape[-2:])

        def normal(x: Image) -> Image:
            return problem.operator.normal(x) + weight * x

        for _ in range(self.iterations):
            seen = to_channels(x) if level is None else torch.cat((to_channels(x, problem.gradient(x)), level), 1)
            r = x + to_image(self.network(seen), x)
            x = r - solve(normal, problem.gradient(r), self.gradients, problem.coupled).x
            yield x


def _convolutions(inputs: int, outputs: int, features: int) -> nn.Sequential:
    """Return the paper's network: five layers, each normalised, all but the last rectified."""
    widths = [inputs, *[features] * 4, outputs]
    layers: list[nn.Module] = []
    for before, after in zip(widths, widths[1:], strict=False):
        layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
