"""Where maps leave out what holds signal: such pixels would be zero in every image.

The centre of k-space shows a coarse image. A pixel of it holds signal of its own where it stands out of the noise,
of what the pixels that are seen spread to it, and of the ghosts that any scan has, which are a hundredth of it.
"""

import math

import torch
from torch import Tensor

from dealias.coils._calibration import coarse_images
from dealias.coils.square import side

OWN = 2.0  # times what the pixels around spread to it
GHOST, DARK = 0.01, 0.25  # of the brightest pixel, or of the median one of those that hold signal where all are dark


def share_left_out(samples: Tensor, sampled: Tensor, seen: Tensor, noise_std: float) -> float:
    """Return which part of the pixels that hold signal is not seen.

    Arguments:
        samples: the centre (coil, a, b) of k-space.
        sampled: which of it was measured (a, b).
        seen: which pixels (y, x) have maps.
        noise_std: standard deviation of the real part of a sample.
    """
    shape, centre = (*seen.shape,), (*samples.shape[-2:],)
    window = _gaussian(centre, side(sampled) / 6).to(samples.real)
    tapered = samples * window
    coarse = torch.linalg.vector_norm(coarse_images(tapered, shape), dim=0)
    coils, level = len(samples), noise_std / float(tapered.abs().max())
    noise = 2 * level**2 * float(window.square().sum()) / seen.numel() ** 2  # of one coil, in each pixel
    holds = coarse.square() > noise * (coils + 4 * math.sqrt(coils))
    low_pass = torch.fft.ifftshift(_gaussian(shape, side(sampled) / 6)).to(coarse)
    spread = torch.fft.ifft2(torch.fft.fft2(coarse * seen) * low_pass).real
    if not holds.any():
        return 0.0
    dark = min(GHOST * float(coarse.max()), DARK * float(coarse[holds].median()))
    return float((holds & ~seen & (coarse > OWN * spread) & (coarse > dark)).sum() / holds.sum())


def _gaussian(shape: tuple[int, int], deviation: float) -> Tensor:
    """Return a window (a, b) around the middle that falls to a hundredth within three deviations."""
    y, x = (torch.exp(-((torch.arange(n) - n // 2) / deviation).square() / 2) for n in shape)
    return y[:, None] * x
