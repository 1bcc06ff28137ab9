"""Spoiled gradient echoes of a labelled head: what coils receive, with noise, on the grid of the scan.

    S_n = M0 sin a (1 - E) / (1 - E cos a) exp(-TE_n R2*) exp(2 pi i g B0 field TE_n + i phi0),  E = exp(-TR / T1)

| Magnetic Resonance Imaging: Physical Principles and Sequence Design (Brown et al., 2014), chapters 18 and 20
| https://doi.org/10.1002/9781118633953

The signal is made on a finer grid, and of its k-space only what the scan samples is kept: partial volumes, dephasing
inside a voxel and Gibbs ringing come with that.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dealias.errors import UserError

SIX_ECHOES = (0.003, 0.0066, 0.0102, 0.0138, 0.0174, 0.021)  # seconds, at 7 tesla
FIVE_ECHOES = (0.004, 0.008, 0.012, 0.016, 0.020)  # at 3 tesla
MEGAHERTZ = 42.577  # of protons, per tesla
REPETITION, FLIP = 0.0234, math.radians(12.0)

# by label: M0, T1 in seconds at 7 tesla, R2 and R2* in 1/s at 7 tesla
TISSUES = (
    (0.0, 1.0, 0.0, 0.0),
    (0.82, 1.7, 17.5, 37.0),
    (0.72, 1.3, 24.4, 74.0),
    (0.82, 1.6, 20.0, 38.0),
    (0.75, 1.4, 22.7, 62.0),
    (0.78, 1.5, 13.9, 73.0),
    (0.75, 1.4, 21.3, 64.0),
    (0.80, 1.5, 17.5, 44.0),
    (0.70, 1.2, 21.7, 35.0),
    (0.81, 1.95, 11.8, 30.0),
    (1.00, 4.0, 1.0, 12.0),
    (0.85, 2.2, 10.2, 71.0),
    (0.60, 0.5, 20.0, 50.0),
    (0.05, 1.0, 200.0, 500.0),
    (0.0, 1.0, 0.0, 0.0),
    (0.75, 1.6, 30.0, 40.0),
    (0.25, 1.2, 50.0, 150.0),
)


@dataclass(frozen=True)
class Scan:
    """Multi-echo images as a scanner would make them of full k-space.

    Arguments:
        images: complex (echo, coil, z, y, x), FFT order nowhere.
        noise_std: standard deviation of the real part of a voxel, and of a sample of k-space.
        r2star: the relaxation rate (z, y, x) that the signal has, in 1/s.
        echo_times: seconds.
        field_strength: tesla.
    """

    images: Tensor
    noise_std: float
    r2star: Tensor
    echo_times: tuple[float, ...]
    field_strength: float

    @property
    def kspace(self) -> Tensor:
        """The centred, orthonormal k-space (echo, coil, z, y, x)."""
        axes = (-3, -2, -1)
        inside = torch.fft.fftn(torch.fft.ifftshift(self.images, dim=axes), dim=axes, norm="ortho")
        return torch.fft.fftshift(inside, dim=axes)

    def measured(self, coils: int, snr: float, seed: int) -> "Scan":
        """Return what several coils measure of the images (echo, 1, z, y, x) of one without noise or phase."""
        if coils < 1 or not snr > 0:
            raise UserError(f"{coils} coils at an SNR of {snr} are impossible; give a coil or more and a positive SNR")
        generator = torch.Generator().manual_seed(seed)
        std = float(self.images.abs().max()) / snr
        images = self.images * _sensitivities(self.images.shape[-3:], coils, generator)
        noise = std * torch.randn((*images.shape, 2), generator=generator)
        return replace(self, images=images + torch.view_as_complex(noise), noise_std=std)


def gradient_echo(
    labels: Tensor, field: Tensor, shape: Sequence[int], echo_times: Sequence[float], field_strength: float
) -> Scan:
    """Return the echoes of a labelled head in a field, free of noise, with so many voxels.

    Arguments:
        labels: (z, y, x) on the finer grid.
        field: likewise, relative to B0, in parts per million.
    """
    times = [float(t) for t in echo_times]
    if not times or not 0 < times[0] or sorted({*times}) != times or not 0 < field_strength < float("inf"):
        raise UserError(f"echo times {tuple(times)} at {field_strength} T are impossible; give seconds that grow")
    m0, t1, r2, r2star = torch.tensor(TISSUES).unbind(1)
    relaxation = torch.exp(-REPETITION / (t1 * (field_strength / 7) ** 0.4))
    start = m0 * math.sin(FLIP) * (1 - relaxation) / (1 - math.cos(FLIP) * relaxation)
    rate = (r2 + (r2star - r2) * field_strength / 7)[labels.long()]
    turns = 2 * torch.pi * MEGAHERTZ * field_strength * field
    strength = start[labels.long()]
    echoes = [sampled(torch.polar(strength * torch.exp(-t * rate), t * turns), shape) for t in times]
    weighted = sampled((strength * rate).to(torch.complex64), shape).real
    density = sampled(strength.to(torch.complex64), shape).real
    mean = torch.where(density > 0.01 * density.max(), weighted / density.clamp_min(torch.finfo().tiny), 0)
    return Scan(torch.stack(echoes)[:, None], 0.0, mean.clamp_min(0), tuple(times), float(field_strength))


def sampled(fine: Tensor, shape: Sequence[int]) -> Tensor:
    """Return what the central k-space of a finer complex volume shows, on a grid of so many voxels.

    A voxel lies in the middle of the fine ones that it covers.
    """
    kspace = torch.fft.fftn(fine, norm="forward")
    for axis, n in enumerate(shape):
        size = kspace.shape[axis]
        order = torch.fft.fftfreq(n, 1 / n).round().long()
        kspace = kspace.index_select(axis, order % size)
        ramp = torch.exp(2j * torch.pi * order.double() * (size / n - 1) / 2 / size).to(kspace.dtype)
        place = [1, 1, 1]
        place[axis] = n
        kspace = kspace * ramp.reshape(place)
    return torch.fft.ifftn(kspace, norm="forward")


def _sensitivities(shape: Sequence[int], coils: int, generator: torch.Generator) -> Tensor:
    """Return smooth maps (coil, z, y, x) of unit root sum of squares, each with a phase of its own."""
    z, y, x = torch.meshgrid(*(torch.linspace(-1, 1, n) for n in shape), indexing="ij")
    maps = []
    for number in range(coils):
        angle = 2 * torch.pi * number / coils
        height = 0.6 * (number % 3 - 1) if coils > 1 else 0.0
        away = (y - 1.3 * math.cos(angle)).square() + (x - 1.3 * math.sin(angle)).square() + (z - height).square()
        size = torch.exp(-away / 2) if coils > 1 else torch.ones_like(away)
        a, b, c, d, start = (2 * torch.rand(5, generator=generator) - 1).tolist()
        # a quadratic whose range over the head is about pi
        turns = start + 0.2 * (a * z + b * y + c * x) + 0.15 * d * (z * z + y * y - x * x) + 0.1 * (z * y + y * x)
        maps.append(torch.polar(size, torch.pi * turns))
    stacked = torch.stack(maps)
    return stacked / stacked.abs().square().sum(0).sqrt()
