"""K-space or images? The energy of k-space lies in few samples, that of images in many, and a transform swaps them.

    b = log2(sum e^2 / sum e'^2)

e is the share of all energy that each sample (y, x) holds, e' likewise of the Fourier transform. No shift or scale
changes b, and an image's b is minus that of its k-space. Measured k-space of whole scans, sampled in full or not, has
8 to 14, tiny matrices of spectroscopy -1 to 5; images of bodies have -4 to -14. What lies between can be either.
"""

from typing import Literal

import torch
from torch import Tensor

from dealias.errors import UserError

CLEAR = 2.0
SMALLEST = 16  # rows and columns; fewer samples cannot tell
PLANES = 16  # looked at, evenly spread over slices, coils and frames


class WrongKind(UserError):
    """Images where k-space is wanted, or k-space where images are."""


def kind_of(value: Tensor, clear: float = CLEAR) -> Literal["k-space", "images"] | None:
    """Return what a complex array (..., y, x) holds, centred or not; None where its energy does not tell.

    Arguments:
        clear: how far from zero b tells.
    """
    planes = value.reshape(-1, *value.shape[-2:])
    if min(planes.shape[1:]) < SMALLEST or not len(planes):
        return None
    planes = planes[torch.linspace(0, len(planes) - 1, min(PLANES, len(planes))).round().long()]
    size = planes.abs().max()
    if not 0 < size < float("inf"):
        return None
    planes = planes.to(torch.complex64) / size
    balance = float((_concentration(planes) / _concentration(torch.fft.ifft2(planes))).log2())
    if abs(balance) < clear:
        return None
    return "k-space" if balance > 0 else "images"


def _concentration(planes: Tensor) -> Tensor:
    energy = planes.abs().double().square().sum(0)
    return (energy / energy.sum()).square().sum()
