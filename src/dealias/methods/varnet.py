"""The variational network in image space: gradient steps on the data, and a U-Net that finds what is no image.

    x_{t+1} = x_t - alpha_t A^H (A x_t - y) - U_t(x_t),  x_0 = 0

| Learning a Variational Network for Reconstruction of Accelerated MRI Data (Hammernik et al., 2018), equation 6
| https://arxiv.org/abs/1704.00447

A blank image tells a network nothing: with x_0 = 0 the first step is the gradient's alone, x_1 = alpha_0 A^H y.
`start="wavelet"` begins at the image of compressed sensing, so that a network of few hours need not learn what
sparsity knows. Each U-Net's last convolution begins a hundredth as large as usual: at first the data alone decide.
"""

from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Any, Literal

import torch
from torch import Tensor, nn

from dealias.errors import UserError
from dealias.method import Method
from dealias.methods._cascade import run, steps
from dealias.methods._start import sparse_image
from dealias.networks.beginning import soften
from dealias.networks.channels import check_channels, check_sizes, to_channels, to_image
from dealias.networks.normalised_unet import NormalisedUNet
from dealias.problem import Problem


class VarNet(Method):
    """The image of the last step.

    Arguments:
        features: of each U-Net, at full resolution.
        iterations: steps, the first of a blank start included; at run time any number where shared, else fewer.
        poolings: how often the resolution is halved.
        start: x_0, a blank image, A^H y or a sparse image by 20 iterations.
        shared: one U-Net and one alpha for all steps.
        channels: real channels of an image: 2 where it is complex, 1 where it is real.
        recompute: in training, recompute each network on the way back instead of storing it: less memory.
    """

    def __init__(
        self,
        features: int = 18,
        iterations: int = 9,
        poolings: int = 4,
        start: Literal["blank", "zero_filled", "wavelet"] = "blank",
        shared: bool = False,
        channels: int = 2,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(features=features, iterations=iterations, poolings=poolings, channels=channels)
        if start not in ("blank", "zero_filled", "wavelet"):
            raise UserError("start is blank, zero_filled or wavelet; correct it")
        self.iterations = iterations
        self.channels = channels
        self.blank = start == "blank"
        self.sparse = start == "wavelet"
        self.shared = shared
        self.recompute = recompute
        self.first = nn.Parameter(torch.ones(())) if self.blank else None  # alpha_0
        count = 1 if shared else iterations - self.blank
        self.steps = nn.ModuleList(_Step(channels, features, poolings) for _ in range(count))

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one image per step.

        Raises:
            UserError: for more iterations than there are networks.
        """
        check_channels(problem.zero_filled, self.channels)
        x = sparse_image(problem) if self.sparse else problem.zero_filled
        if self.first is not None:
            x = self.first * x
            yield x
        count = self.iterations - self.blank
        following: Iterable[Any] = repeat(self.steps[0], count) if self.shared else steps(self.steps, count)
        for step in following:
            foreign = to_image(run(step.network, to_channels(x), recompute=self.recompute), x)
            x = x - step.size * problem.gradient(x) - foreign
            yield x


class _Step(nn.Module):
    def __init__(self, channels: int, features: int, poolings: int) -> None:
        super().__init__()
        self.size = nn.Parameter(torch.ones(()))  # alpha
        self.network = NormalisedUNet(channels, features, poolings, mean=False)
        soften(self.network.network.outwards)
