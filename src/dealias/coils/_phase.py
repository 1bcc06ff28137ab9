"""The phase of coil maps, which no equation gives: that against the principal combination of the coils."""

import torch
from torch import Tensor


def turn(vectors: Tensor, samples: Tensor) -> Tensor:
    """Return the phases (y, x, 1) by which to multiply maps (y, x, coil), so that they vary smoothly.

    The principal combination of the coils, in which the samples (coil, a, b) have most energy, then sees every
    pixel with a positive sensitivity. K-space times a complex number changes nothing.
    """
    flat = (samples / samples.abs().max()).flatten(1)
    principal = torch.linalg.eigh(flat @ flat.mH)[1][:, -1]
    principal = principal * (principal * principal.abs()).sum().conj().sgn()
    inner = (vectors * principal.conj()).sum(-1, keepdim=True)
    return torch.where(inner == 0, 1, inner.conj().sgn())
