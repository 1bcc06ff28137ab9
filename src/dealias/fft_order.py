"""The door between centred k-space, as files hold it, and the FFT order inside an `Acquisition`.

A centred image is indexed from 0 to n-1 with its origin at c = n // 2. Then

    fft2(x) = ifftshift(centred k-space) * exp(-2 pi i (k c mod n) / n)

holds exactly for odd and even n, so that the operator inside is a plain FFT without a shift. The phase is
computed in float64 with its product reduced modulo n: in single precision its error grows with n.
"""

import torch
from torch import Tensor


def _origin_phase(shape: tuple[int, int], like: Tensor) -> Tensor:
    """Return the phase (y, x) that moves the origin of an image from index n // 2 to index 0."""
    turns = [torch.arange(n, dtype=torch.float64) * (n // 2) % n / n for n in shape]
    return torch.exp(-2j * torch.pi * (turns[0][:, None] + turns[1])).to(like)


def to_fft_order(kspace: Tensor) -> Tensor:
    """Return centred k-space (..., y, x) in FFT order."""
    return torch.fft.ifftshift(kspace, dim=(-2, -1)) * _origin_phase((*kspace.shape[-2:],), kspace)


def to_centred(kspace: Tensor) -> Tensor:
    """Return k-space (..., y, x) in FFT order as a file holds it, centred; undoes `to_fft_order`."""
    return torch.fft.fftshift(kspace * _origin_phase((*kspace.shape[-2:],), kspace).conj(), dim=(-2, -1))


def shift_mask(mask: Tensor) -> Tensor:
    """Return a centred mask or noise level (..., y, x), whose axes may have size 1, in FFT order."""
    return torch.fft.ifftshift(mask, dim=(-2, -1))


def centre_mask(mask: Tensor) -> Tensor:
    """Return a mask or noise level (..., y, x) in FFT order as a file holds it; undoes `shift_mask`."""
    return torch.fft.fftshift(mask, dim=(-2, -1))
