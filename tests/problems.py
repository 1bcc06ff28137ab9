"""The problems that every method meets: a film seen by many coils, one coil, and one that is not MRI."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.header import Header
from dealias.linear_operator import LinearOperator
from dealias.phantoms import head
from dealias.problem import IMAGE, Problem
from dealias.sampling import gaussian


def coil_maps(coils, rows, columns):
    """Smooth maps of unit root sum of squares."""
    y, x = torch.linspace(-1, 1, rows)[:, None], torch.linspace(-1, 1, columns)
    angles = 2 * torch.pi * torch.arange(coils) / coils
    maps = torch.stack([torch.exp(-((y - a.sin()) ** 2) - (x - a.cos()) ** 2 + 1j * (a + x * y)) for a in angles])
    return maps / maps.abs().square().sum(0).sqrt()


def film(batch=(2, 2), coils=3, shape=(19, 24), axes=("y", "x"), seed=0):
    """A noisy dynamic acquisition (*batch, coil, y, x); the last batch axis is time where the axes say so."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(*batch, 6, 6, dtype=torch.complex64, generator=generator)
    image = torch.fft.ifft2(torch.nn.functional.pad(torch.fft.fft2(coarse), (0, shape[1] - 6, 0, shape[0] - 6)))
    image = image / image.abs().amax((-2, -1), keepdim=True)
    frames = [gaussian(shape, 2.5, generator=generator, centre=0.06) for _ in range(batch[-1] if batch else 1)]
    mask = torch.stack(frames)[:, None] if batch else frames[0][None]
    mask = mask.reshape((1,) * (len(batch) + 3 - mask.ndim) + mask.shape)
    maps = coil_maps(coils, *shape) if coils > 1 else None
    return Acquisition.simulate(image, mask, maps, 0.01, generator=generator, axes=axes)


def two_heads(noise_std):
    """Two simulated heads, one coil, a third of the points sampled."""
    images = torch.stack([head((64, 60), seed=seed) for seed in (1, 2)])
    generator = torch.Generator().manual_seed(0)
    mask = gaussian((64, 60), 3, centre=0.06, generator=generator)
    return Acquisition.simulate(images, mask, None, noise_std, generator=generator)


class Missing(LinearOperator):
    """Keeps the pixels that a mask names."""

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def forward(self, x: Tensor) -> Tensor:
        return x * self.mask

    adjoint = forward
    normal = forward
    projects = True


@dataclass(frozen=True, eq=False)
class Inpainting(Problem):
    """A real image of which some pixels were lost: a problem that is not MRI."""

    pixels: Tensor
    mask: Tensor
    noise_std: Tensor | None = None
    header: Header = Header()
    axes: tuple[str, ...] = IMAGE

    @property
    def data(self) -> Tensor:
        return self.pixels

    @property
    def operator(self) -> Missing:
        return Missing(self.mask)

    def scaled(self, factor: Tensor) -> "Inpainting":
        std = None if self.noise_std is None else self.noise_std * factor.abs()
        return replace(self, pixels=self.pixels * factor, noise_std=std)


def inpainting(batch=(2, 2), shape=(19, 24), axes=IMAGE, seed=0):
    """A real image without a third of its pixels; the last batch axis is time where the axes say so."""
    generator = torch.Generator().manual_seed(seed)
    ramp = torch.linspace(0.2, 1, shape[0])[:, None] * torch.linspace(1, 0.5, shape[1])
    image = ramp + 0.05 * torch.randn(*batch, *shape, generator=generator)
    mask = torch.rand((1,) * len(batch) + shape, generator=generator) > 0.3
    return Inpainting(image * mask, mask, torch.full((1,) * (len(batch) + 2), 0.05), axes=axes)


class Blur(LinearOperator):
    """Weighs the frequencies of a real volume (z, y, x), as a dipole's field does: all three axes are coupled."""

    coupled = 3

    def __init__(self, shape: tuple[int, ...]) -> None:
        z, y, x = torch.meshgrid(*(torch.fft.fftfreq(n) for n in shape), indexing="ij")
        size = z.square() + y.square() + x.square()
        self.kernel = 1 / 3 - z.square() / torch.where(size > 0, size, 1)
        self.kernel[0, 0, 0] = 0.1  # the mean is seen a little, lest it be free

    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.ifftn(torch.fft.fftn(x, dim=(-3, -2, -1)) * self.kernel.to(x), dim=(-3, -2, -1)).real

    adjoint = forward


@dataclass(frozen=True, eq=False)
class Field(Problem):
    """The field of a real volume: not MRI's two axes but three that only together make a problem."""

    field: Tensor
    noise_std: Tensor | None = None
    header: Header = Header()
    axes: tuple[str, ...] = ("z", "y", "x")

    @property
    def data(self) -> Tensor:
        return self.field

    @property
    def operator(self) -> Blur:
        return Blur((*self.field.shape[-3:],))

    def scaled(self, factor: Tensor) -> "Field":
        std = None if self.noise_std is None else self.noise_std * factor.abs()
        return replace(self, field=self.field * factor, noise_std=std)


def volume(batch=(2, 2), shape=(7, 10, 9), seed=0):
    """The noisy field of smooth volumes."""
    generator = torch.Generator().manual_seed(seed)
    z, y, x = torch.meshgrid(*(torch.linspace(-1, 1, n) for n in shape), indexing="ij")
    body = ((z.square() + y.square() + x.square()) < 0.7).float()
    image = body * (1 + 0.3 * torch.randn(*batch, 1, 1, 1, generator=generator) + 0.5 * x)
    field = Blur(shape).forward(image) + 0.01 * torch.randn(*batch, *shape, generator=generator)
    return Field(field, torch.full((1,) * field.ndim, 0.01))
