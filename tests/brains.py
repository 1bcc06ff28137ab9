"""The head that the tests of this room share, small, and what a scanner makes of it."""

from functools import cache

import torch

from dealias.phantoms.susceptibility import susceptibility
from dealias.susceptibility.mask import signal_mask


@cache
def phantom():
    return susceptibility((40, 40, 40))


@cache
def scan(coils=1, snr=1000.0):
    return phantom().scan(coils=coils, snr=snr)


def seen(images):
    return signal_mask(torch.linalg.vector_norm(images[0], dim=0))


def error(got, truth, where):
    """The NRMSE without the means."""
    a, b = got[where] - got[where].mean(), truth[where] - truth[where].mean()
    return float((a - b).norm() / b.norm())


def ball(n, radius, centre=(0.0, 0.0, 0.0)):
    axes = [torch.arange(n) - n // 2 - c for c in centre]
    z, y, x = torch.meshgrid(*axes, indexing="ij")
    return z**2 + y**2 + x**2 <= radius**2
