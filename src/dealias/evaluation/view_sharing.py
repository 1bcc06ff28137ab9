"""View sharing, the film that k-t data show by themselves: what a frame lacks of k-space, its neighbours lend.

    y_t(k) <- y_s(k), s the frame nearest to t that sampled k; the mean of two that are as near

| MR fluoroscopy: technical feasibility (Riederer et al., 1988) | https://doi.org/10.1002/mrm.1910080102
"""

from dataclasses import replace

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.errors import UserError


def view_shared(acquisition: Acquisition) -> Acquisition:
    """Return the acquisition of a film in which every frame has whatever any frame has sampled.

    Raises:
        UserError: where there is no time.
    """
    if "time" not in acquisition.axes:
        raise UserError("view sharing needs a film; name the axis of time, as --axes 'time coil y x'")
    kspace = acquisition.kspace
    mask = acquisition.mask.expand(*kspace.shape[:-3], *acquisition.mask.shape[-3:])
    before, since = _carried(kspace, mask)
    after, until = (value.flip(-4) for value in _carried(kspace.flip(-4), mask.flip(-4)))
    shared = torch.where(since < until, before, torch.where(since > until, after, (before + after) / 2))
    return replace(acquisition, kspace=shared, mask=mask.any(-4, keepdim=True))


def _carried(kspace: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return the last sample up to each frame, and how many frames ago it was: infinitely many before the first."""
    value = torch.zeros_like(kspace[..., 0, :, :, :])
    age = torch.full_like(mask[..., 0, :, :, :], torch.inf, dtype=torch.float32)
    values, ages = [], []
    for y, sampled in zip(kspace.unbind(-4), mask.unbind(-4), strict=True):
        value = torch.where(sampled, y, value)
        age = (age + 1).masked_fill(sampled, 0)
        values.append(value)
        ages.append(age)
    return torch.stack(values, -4), torch.stack(ages, -4)
