"""Where the examples of a training come from."""

from abc import ABC, abstractmethod

import torch

from dealias.training.example import Example


class Source(ABC):
    """A frozen dataclass: what examples are drawn from, and how; the same generator gives the same example."""

    @abstractmethod
    def size(self, generator: torch.Generator) -> tuple[int, int]:
        """Return the rows and columns of an update's examples."""

    @abstractmethod
    def examples(self, size: tuple[int, int], generator: torch.Generator) -> Example:
        """Return the examples of an update, as one batch."""
