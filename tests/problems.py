"""The problems that every method meets: a film seen by many coils, one coil, and one that is not MRI."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.header import Header
from dealias.linear_operator import LinearOperator
from dealias.problem import Problem
from dealias.sampling import gaussian


def coil_maps(coils, rows, columns):
    """Smooth maps of unit root sum of squares."""
    y, x = torch.linspace(-1, 1, rows)[:, None], torch.linspace(-1, 1, columns)
    angles = 2 * torch.pi * torch.arange(coils) / coils
    maps = torch.stack([torch.exp(-((y - a.sin()) ** 2) - (x - a.cos()) ** 2 + 1j * (a + x * y)) for a in angles])
    return maps / maps.abs().square().sum(0).sqrt()


def film(batch=(2, 2), coils=3, shape=(19, 24), dimensions=2, seed=0):
    """A noisy dynamic acquisition (*batch, coil, y, x); the last batch axis is time where dimensions is 3."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(*batch, 6, 6, dtype=torch.complex64, generator=generator)
    image = torch.fft.ifft2(torch.nn.functional.pad(torch.fft.fft2(coarse), (0, shape[1] - 6, 0, shape[0] - 6)))
    image = image / image.abs().amax((-2, -1), keepdim=True)
    frames = [gaussian(shape, 2.5, generator=generator, centre=0.06) for _ in range(batch[-1] if batch else 1)]
    mask = torch.stack(frames)[:, None] if batch else frames[0][None]
    mask = mask.reshape((1,) * (len(batch) + 3 - mask.ndim) + mask.shape)
    maps = coil_maps(coils, *shape) if coils > 1 else None
    return Acquisition.simulate(image, mask, maps, 0.01, generator=generator, dimensions=dimensions)


class Missing(LinearOperator):
    """Keeps the pixels that a mask names."""

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def forward(self, x: Tensor) -> Tensor:
        return x * self.mask

    adjoint = forward
    normal = forward


@dataclass(frozen=True, eq=False)
class Inpainting(Problem):
    """A real image of which some pixels were lost: a problem that is not MRI."""

    pixels: Tensor
    mask: Tensor
    noise_std: Tensor | None = None
    header: Header = Header()
    dimensions: int = 2

    @property
    def data(self) -> Tensor:
        return self.pixels

    @property
    def operator(self) -> Missing:
        return Missing(self.mask)

    def scaled(self, factor: Tensor) -> "Inpainting":
        std = None if self.noise_std is None else self.noise_std * factor.abs()
        return replace(self, pixels=self.pixels * factor, noise_std=std)


def inpainting(batch=(2, 2), shape=(19, 24), seed=0):
    """A real image without a third of its pixels."""
    generator = torch.Generator().manual_seed(seed)
    ramp = torch.linspace(0.2, 1, shape[0])[:, None] * torch.linspace(1, 0.5, shape[1])
    image = ramp + 0.05 * torch.randn(*batch, *shape, generator=generator)
    mask = torch.rand((1,) * len(batch) + shape, generator=generator) > 0.3
    return Inpainting(image * mask, mask, torch.full((1,) * (len(batch) + 2), 0.05))
