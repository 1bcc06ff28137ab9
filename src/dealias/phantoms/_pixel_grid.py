"""Where the pixels of a phantom lie, and how much of one lies inside an outline."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Grid:
    """Where the fine pixels lie in the body, in millimetres; what is a pixel wide is blurred by `edge`."""

    y: Tensor
    x: Tensor
    edge: float

    def inside(self, distance: Tensor, softness: float = 0.0) -> Tensor:
        """Return how much of a pixel lies where a distance is negative."""
        return (0.5 - distance / (self.edge + softness)).clamp_(0, 1)
