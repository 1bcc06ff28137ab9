"""Shrinkage of singular values: the proximal maps of nuclear and Schatten norms of a film.

    X = U diag(s) V^H,  shrunk: U diag((s - threshold s^(p - 1))_+) V^H

X has a row for every frame and a column for every pixel. Its left singular vectors are the eigenvectors of the
small matrix X X^H, so that no matrix of pixels is ever decomposed.

| A singular value thresholding algorithm for matrix completion (Cai, Candes and Shen, 2010), equation 2.2
| https://doi.org/10.1137/080738970
| Nonconvex splitting for regularized low-rank + sparse decomposition (Chartrand, 2012), equation 5
| https://doi.org/10.1109/TSP.2012.2208955
"""

import torch
from torch import Tensor


def shrink_singular_values(x: Tensor, threshold: Tensor | float, power: float = 1.0) -> Tensor:
    """Return the films (*batch, time, y, x) with their singular values lessened, zero where they are small.

    Arguments:
        threshold: a number, or one for each film (*batch, 1, 1, 1), in the unit of singular values to the 2 - power.
        power: 1 shrinks all singular values alike, less the small ones more.
    """
    rows = x.flatten(-2)
    values, vectors = _left(rows)
    value = torch.as_tensor(threshold, dtype=values.dtype, device=values.device)
    value = value.flatten(-3) if value.ndim else value
    tiny = torch.finfo(values.dtype).tiny
    # s - t s^(p-1) as a multiple of s; the log keeps small numbers in range
    lost = value * ((power - 2) * values.clamp_min(tiny).log()).exp() if power != 1 else value / values.clamp_min(tiny)
    kept = (1 - lost).clamp_min(0).nan_to_num(0)
    small = (vectors * kept.unsqueeze(-2)) @ vectors.mH
    return (small.to(rows.dtype) @ rows).view(x.shape)


def largest_singular_value(x: Tensor) -> Tensor:
    """Return the largest singular value of each film (*batch, time, y, x), as (*batch, 1, 1, 1)."""
    values, _ = _left(x.flatten(-2))
    return values[..., -1:, None, None].to(x.real.dtype)


def _left(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return singular values, smallest first, and left singular vectors, both in double precision."""
    double = torch.complex128 if rows.is_complex() else torch.float64
    squares, vectors = torch.linalg.eigh((rows @ rows.mH).to(double))
    return squares.clamp_min(0).sqrt(), vectors
