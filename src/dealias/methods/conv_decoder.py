"""ConvDecoder: convolutions alone prefer images to noise; a network fits one scan, and no other image was ever seen.

    min_w ||A G_w(z) - y||^2 by Adam from random weights w, z random and fixed; then the measured samples are put back

| Accelerated MRI with Un-trained Neural Networks (Darestani and Heckel, 2021), sections III and IV
| https://arxiv.org/abs/2007.02471

The paper's network has 160 or 256 features, makes the images of all coils (two channels each), and learns for 20,000
updates; its input is 8 x 4. Here it makes the one image that all coils see through their maps, so that A = M F S, and
64 features and 2,500 updates fit into minutes of a CPU. The paper's code stops where the training loss is least
(`held=0`); ours where held-out samples are predicted worse.
"""

import torch
from torch import nn

from dealias.methods._untrained import Untrained
from dealias.networks.channels import check_sizes
from dealias.networks.decoder import Decoder
from dealias.shapes import Channels

START = (8, 8)  # rows and columns that come in


class ConvDecoder(Untrained):
    """The output of an untrained decoder that was fitted to the data.

    Arguments:
        features: channels of every layer.
        layers: how many; the image grows at each but the last.
        iterations: updates of the network, at the most.
        rate: the learning rate of Adam.
        held: share of the samples beyond the centre that judge when to stop, the same of all coils; 0 lets those that
            are fitted judge, as the paper's code does.
        patience: updates, each worse than an earlier one by more than chance, after which the network rests.
        runs: how many networks, with other random numbers and other samples held out, are averaged.
        seed: of the random numbers.
    """

    def __init__(
        self,
        features: int = 64,
        layers: int = 7,
        iterations: int = 2500,
        rate: float = 0.008,
        held: float = 0.05,
        patience: int = 500,
        runs: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__(iterations, rate, held, patience, runs, seed)
        check_sizes(features=features, layers=layers)
        self.features = features
        self.layers = layers

    def network(self, size: tuple[int, int], outputs: int) -> tuple[nn.Module, Channels]:
        """Return a random decoder, and uniform noise of few pixels."""
        return Decoder(self.features, outputs, self.layers, START, size), torch.rand(1, self.features, *START)
