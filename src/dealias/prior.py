"""What is learned from images alone: it knows images, and no operator."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from dealias.configured import Configured
from dealias.shapes import Image


class Prior(Configured, ABC):
    """A model of images; methods that use it bring the data in.

    Besides its loss it gives what its kind can: `score(x, sigma)`, or `log_prob(x)` and `decode(z)`.

    Attributes:
        whole: whether it learns magnitudes of whole images; otherwise crops, phase and all.
    """

    whole: ClassVar[bool] = False

    @abstractmethod
    def loss(self, images: Image, generator: torch.Generator) -> Tensor:
        """Return what a training minimises over images (*batch, y, x) of largest magnitude one.

        Arguments:
            generator: of the noise, or whatever else it draws.
        """
