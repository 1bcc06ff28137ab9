"""Unwrapping without paths: the smooth phase whose second differences are those of the wrapped one.

    lap u = div wrap(grad phase),  with no flow through the edges, in closed form by cosine transforms

| Robust two-dimensional weighted and unweighted phase unwrapping that uses fast transforms and iterative methods
| (Ghiglia and Romero, 1994)
| https://doi.org/10.1364/JOSAA.11.000107

It never breaks, but where paths end openly its result differs from the data by more than multiples of 2 pi, and outside
the brain noise leaks in: a last resort.
"""

import numpy as np
import torch
from scipy.fft import dctn, idctn

from dealias.shapes import Region, Volume
from dealias.susceptibility.unwrap import wrap


def unwrap_laplacian(phase: Volume, mask: Region) -> Volume:
    """Return the phase (z, y, x) without jumps inside a mask, its mean there zero; zero outside."""
    right = torch.zeros_like(phase, dtype=torch.float64)
    for axis in range(3):
        count = phase.shape[axis]
        step = wrap(phase.narrow(axis, 1, count - 1) - phase.narrow(axis, 0, count - 1)).double()
        step = step * (mask.narrow(axis, 1, count - 1) & mask.narrow(axis, 0, count - 1))
        right.narrow(axis, 0, count - 1).add_(step)
        right.narrow(axis, 1, count - 1).sub_(step)
    symbol = np.zeros(phase.shape)
    for axis, count in enumerate(phase.shape):
        place = [1, 1, 1]
        place[axis] = count
        symbol = symbol + (2 * np.cos(np.pi * np.arange(count) / count) - 2).reshape(place)
    symbol[0, 0, 0] = 1
    spectrum = dctn(right.numpy(force=True), norm="ortho") / symbol
    spectrum[0, 0, 0] = 0
    smooth = torch.from_numpy(idctn(spectrum, norm="ortho")).to(phase)
    return (smooth - smooth[mask].mean() if bool(mask.any()) else smooth) * mask
