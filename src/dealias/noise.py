"""How noisy a measurement is, judged from the samples that see least of the image."""

import math

import torch
from torch import Tensor

from dealias.acquisition import Acquisition


def estimate_noise(acquisition: Acquisition) -> Tensor:
    """Return an upper bound on the standard deviation of each sample's real part, one number per slice and frame.

    Over the outermost tenth of the sampled samples it is sqrt(median |y|^2 / (2 ln 2)), exact where they hold
    noise alone; what detail they hold adds to it. An empty mask gives zero.
    """
    none = acquisition.kspace.real.new_zeros(())
    levels = [
        (outer.abs().square().median() / (2 * math.log(2))).sqrt() if outer.numel() else none
        for outer in outer_samples(acquisition)
    ]
    return torch.stack(levels).reshape(acquisition.kspace.shape[:-3])


def outer_samples(acquisition: Acquisition) -> list[Tensor]:
    """Return the outermost tenth of each slice's and frame's sampled samples (coil, sample); none of an empty mask."""
    rows, columns = (torch.fft.fftfreq(n, device=acquisition.mask.device) for n in acquisition.shape[-2:])
    radius = rows[:, None].square() + columns.square()
    kspace = acquisition.kspace
    mask = acquisition.mask.expand(*kspace.shape[:-3], 1, *kspace.shape[-2:])
    found = []
    for samples, sampled in zip(
        kspace.reshape(-1, *kspace.shape[-3:]), mask.reshape(-1, *mask.shape[-2:]), strict=True
    ):
        count = int(sampled.sum())
        outer = radius[sampled].topk(min(count, max(1, count // 10))).indices
        found.append(samples[:, sampled][:, outer])
    return found
