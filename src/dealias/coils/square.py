"""How much of the middle of k-space a mask samples in full."""

import torch
from torch import Tensor


def side(mask: Tensor) -> int:
    """Return the side of the largest square around the centre that a mask (y, x) samples in full."""
    rows, columns = (torch.arange(n, device=mask.device) - n // 2 for n in mask.shape)
    # an index i >= 0 is in squares of more than 2 i, an index i < 0 in those of at least -2 i
    y, x = (torch.where(i < 0, -i - 1, i) for i in (rows, columns))
    missing = torch.maximum(y[:, None], x)[~mask]
    return min(*mask.shape, 2 * int(missing.min()) if len(missing) else max(mask.shape))


def around_middle(sampled: Tensor) -> tuple[int, int]:
    """Return how many sampled lines follow each other up to the middle one, and from that one on."""
    middle = len(sampled) // 2
    before, after = (int(part.cumprod(0).sum()) for part in (sampled[:middle].flip(0), sampled[middle:]))
    return before, after
