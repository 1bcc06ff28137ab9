"""HDF5 holds MATLAB's arrays with their axes the other way round."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dealias.files.to_acquisition import native


@dataclass(frozen=True)
class Turned:
    """An array of version 7.3 in MATLAB's order, of which an index reads a part.

    Arguments:
        dataset: in HDF5's order.
        name: for complaints.
    """

    dataset: Any
    name: str

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes as MATLAB tells them."""
        return tuple(reversed(self.dataset.shape))

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the numbers in the file."""
        found: np.dtype[Any] = self.dataset.dtype
        return found

    def __getitem__(self, index: tuple[int | slice, ...]) -> NDArray[Any]:
        rest = (slice(None),) * (self.ndim - len(index))
        return native(np.asarray(self.dataset[(*rest, *reversed(index))]), self.name).T
