"""The U-Net: a network that sees the aliased image once and never the data again.

    |x| = U(|A^H y|), and the phase of A^H y

| Deep learning for undersampled MRI reconstruction (Hyun et al., 2018), section 2.3, without its k-space correction
| https://doi.org/10.1088/1361-6560/aac71a
| fastMRI: An Open Dataset and Benchmarks for Accelerated MRI (Zbontar et al., 2018), section 5.2: `normalised`
| https://arxiv.org/abs/1811.08839

`output` may be complex, which the RIM paper reports to fail, or a pair of networks, one for the magnitude and one for
the phase. `input="kspace"` gives the same network the masked k-space instead: it has to learn the Fourier transform.
"""

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.method import Method
from dealias.networks.channels import check_sizes, to_channels, to_image
from dealias.networks.unet import UNetwork
from dealias.problem import Problem
from dealias.shapes import Channels, Image


class UNet(Method):
    """One pass through the network; 1,923,393 parameters by default, 7,756,097 with fastMRI's 4 poolings.

    Arguments:
        features: channels at full resolution; each coarser one has twice as many.
        poolings: how often the resolution is halved; the RIM paper's four levels are three halvings.
        pooling: max or average, of four pixels.
        normalised: instance norm, leaky relu, and an input of zero mean and unit variance, as fastMRI's.
        input: what the network sees: the aliased image, or the masked k-space.
        output: what it makes: a magnitude, a complex image, or a pair: magnitude and phase by a network each.
    """

    iterations = 1
    for_comparison = True

    def __init__(
        self,
        features: int = 32,
        poolings: int = 3,
        pooling: Literal["max", "average"] = "max",
        normalised: bool = True,
        input: Literal["image", "kspace"] = "image",
        output: Literal["magnitude", "complex", "pair"] = "magnitude",
    ) -> None:
        super().__init__()
        check_sizes(features=features, poolings=poolings)
        self.normalised_input, self.input, self.output = normalised, input, output
        sees = 2 if input == "kspace" or output == "complex" else 1
        shape = (features, poolings, pooling, normalised)
        self.network = UNetwork(sees, 2 if output == "complex" else 1, *shape)
        self.phase = UNetwork(2, 2, *shape) if output == "pair" else None

    def check_loss(self, name: str) -> None:
        """Refuse a loss that is blind to the phase where one network makes it."""
        if self.phase is not None and name in ("magnitude_error", "ssim"):
            raise UserError(f"{name} teaches the network of phases nothing; give --loss squared_error")

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield the one image.

        Raises:
            UserError: for a real problem, where the network sees or makes complex numbers.
        """
        x = problem.zero_filled
        if not x.is_complex() and (self.input, self.output) != ("image", "magnitude"):
            raise UserError("this U-Net needs complex data; take input='image' and output='magnitude'")
        seen = _centred_kspace(x) if self.input == "kspace" else x
        if self.output == "complex":
            yield to_image(self._run(self.network, to_channels(seen)), x)
            return
        magnitude = self._run(self.network, to_channels(seen if self.input == "kspace" else x.abs()))
        upright = x.sgn() if self.phase is None else to_image(self.phase(to_channels(seen)), x).sgn()
        yield upright * to_image(magnitude, x.abs())

    def _run(self, network: UNetwork, channels: Channels) -> Channels:
        if not self.normalised_input:
            return network(channels)
        axes = (1, 2, 3)
        mean, deviation = channels.mean(axes, keepdim=True), channels.std(axes, keepdim=True)
        deviation = torch.where(deviation > 0, deviation, 1)
        return network((channels - mean) / deviation) * deviation + mean


def _centred_kspace(x: Image) -> Image:
    return torch.fft.fftshift(torch.fft.fft2(x, norm="ortho"), dim=(-2, -1))
