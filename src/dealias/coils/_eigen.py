"""Eigenvectors of Hermitian matrices; where numbers are too far apart for them, one line that says so."""

import torch
from torch import Tensor

from dealias.errors import UserError


def eigh(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return eigenvalues, ascending, and eigenvectors of Hermitian matrices (..., n, n).

    Raises:
        UserError: where they are not found, as among numbers of very different size.
    """
    try:
        values, vectors = torch.linalg.eigh(matrix)
    except RuntimeError as error:
        text = "coil maps cannot be estimated: a few numbers of k-space dwarf all others"
        raise UserError(f"{text}; set those to zero, or give maps measured otherwise") from error
    return values, vectors
