"""The deep image prior: an hourglass of convolutions fits one scan, and images come before noise.

    min_w ||A G_w(z) - y||^2 by Adam from random weights w, z random and fixed; then the measured samples are put back

| Deep Image Prior (Ulyanov et al., 2018), equation 2 | https://arxiv.org/abs/1711.10925
| Accelerated MRI with Un-trained Neural Networks (Darestani and Heckel, 2021), section IV: its sizes for MRI
| https://arxiv.org/abs/2007.02471

With 256 features and 8 scales it is theirs of 31.5 million parameters, which learned for 20,000 updates. It can fit
noise, too, so that it must be stopped: where held-out samples are predicted worse.
"""

import torch
from torch import nn

from dealias.errors import UserError
from dealias.methods._untrained import Untrained
from dealias.networks.channels import check_sizes
from dealias.networks.hourglass import SHORT_CUTS, Hourglass
from dealias.shapes import Channels


class DeepImagePrior(Untrained):
    """The output of an untrained hourglass that was fitted to the data.

    Arguments:
        features: channels of every convolution.
        scales: how often the image is halved, eight at the most.
        iterations: updates of the network, at the most.
        rate: the learning rate of Adam.
        held: share of the samples beyond the centre that judge when to stop, the same of all coils; 0 lets those that
            are fitted judge.
        patience: updates, each worse than an earlier one by more than chance, after which the network rests.
        runs: how many networks, with other random numbers and other samples held out, are averaged.
        seed: of the random numbers.
    """

    def __init__(
        self,
        features: int = 32,
        scales: int = 8,
        iterations: int = 2500,
        rate: float = 0.008,
        held: float = 0.05,
        patience: int = 500,
        runs: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__(iterations, rate, held, patience, runs, seed)
        check_sizes(features=features, scales=scales)
        if scales > len(SHORT_CUTS):
            raise UserError(f"{scales} scales are impossible; give {len(SHORT_CUTS)} or fewer")
        self.features = features
        self.scales = scales

    def network(self, size: tuple[int, int], outputs: int) -> tuple[nn.Module, Channels]:
        """Return a random hourglass, and uniform noise of the image's size."""
        return Hourglass(self.features, outputs, self.scales, size), torch.rand(1, self.features, *size)
