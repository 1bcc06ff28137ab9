"""The phase that all echoes have together, for echoes that are sampled each elsewhere.

    theta_n = w TE_n + phi0,  w = argmax |sum_n S_n exp(-i w TE_n)|,  phi0 the phase of that sum

| Estimating the parameters of a sinusoid from noisy samples (Rife and Boorstyn, 1974)
| https://doi.org/10.1109/TIT.1974.1055282

Priors of images expect a phase that is smooth, which that of late echoes is not. As a factor of the coil maps it is
known to the operator, and the image that is left is nearly real. What aliases differs from echo to echo, and mostly
leaves the fit. No unwrapping is needed.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

FREQUENCIES = 64  # tried between the two that the shortest spacing of echoes cannot tell apart
REFINEMENTS = 2


def phase_of_all(images: Tensor, echo_times: Sequence[float]) -> Tensor:
    """Return phase factors exp(i theta) (echo, 1, z, y, x), fitted to every voxel of images of that shape.

    Arguments:
        echo_times: seconds; with fewer than three the fit is the phase itself.
    """
    times = torch.tensor([*echo_times], device=images.device).reshape(-1, 1, 1, 1, 1)
    step = 2 * torch.pi / float(times.diff(dim=0).min()) / FREQUENCIES
    largest = torch.full_like(images[:1].real, -1)
    speed = torch.zeros_like(largest)
    for number in range(-FREQUENCIES // 2, FREQUENCIES // 2):
        size = _turned(images, number * step * times).sum(0, keepdim=True).abs()
        speed = torch.where(size > largest, number * step, speed)
        largest = torch.maximum(size, largest)
    weight = images.abs().square()
    total = weight.sum(0, keepdim=True)
    weight = weight / torch.where(total > 0, total, 1)
    away = times - (weight * times).sum(0, keepdim=True)
    curvature = (weight * away.square()).sum(0, keepdim=True)
    for _ in range(REFINEMENTS):
        turned = _turned(images, speed * times)
        rest = (turned * turned.sum(0, keepdim=True).conj()).angle()
        slope = (weight * away * rest).sum(0, keepdim=True) / torch.where(curvature > 0, curvature, 1)
        speed = speed + slope.clamp(-step, step)
    start = _turned(images, speed * times).sum(0, keepdim=True).angle()
    return torch.polar(torch.ones_like(images.real), start + speed * times)


def _turned(images: Tensor, angle: Tensor) -> Tensor:
    """Return images turned back by an angle."""
    return images * torch.polar(torch.ones_like(angle), -angle)
