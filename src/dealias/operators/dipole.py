"""The magnetic field that susceptibility makes: a convolution with the field of a dipole.

    field = F^-1 D F chi,  D(k) = 1/3 - (k.b)^2 / |k|^2,  D(0) = 0

k in cycles per millimetre, b the unit vector along B0; the field is relative to B0, in the unit of chi. D(0) is not
defined; zero makes the mean of the field zero.

A grid cuts the mixed terms of an oblique B0 off where they are largest: the field of a sharp edge then alternates from
voxel to voxel, also far away. What the k-space of a scan shows is cut like this. A field in space is not, and so a
simulation averages it:

    D(k) = sum_m sinc^2(k + m) D(k + m) / sum_m sinc^2(k + m)

over the aliases m, the mean over each voxel of the field of voxels that are even.

| Application of a Fourier-based method for rapid calculation of field inhomogeneity due to spatial variation of
| magnetic susceptibility (Marques and Bowtell, 2005)
| https://doi.org/10.1002/cmr.b.20034
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.linear_operator import LinearOperator
from dealias.shapes import Volume

AXES = (-3, -2, -1)


class Dipole(LinearOperator):
    """From susceptibility (*batch, z, y, x) to the field that it makes, in the same unit.

    Arguments:
        voxel_size: millimetres along (z, y, x).
        direction: of B0 along (z, y, x) of the array; its length and its sign make no difference.
        doubled: whether the body lies alone in space; otherwise it repeats beyond the edges of the array, which
            costs less.
        averaged: whether the field is the mean over each voxel, of voxels that are even.
    """

    coupled = 3

    def __init__(
        self,
        voxel_size: Sequence[float] = (1.0, 1.0, 1.0),
        direction: Sequence[float] = (1.0, 0.0, 0.0),
        doubled: bool = False,
        averaged: bool = False,
    ) -> None:
        self.voxel_size = checked_lengths(voxel_size)
        self.direction = checked_direction(direction)
        self.doubled = doubled
        self._made = averaged_dipole if averaged else dipole
        self._kernels: dict[object, Tensor] = {}

    def forward(self, x: Volume) -> Volume:
        """Return the field."""
        return self._filtered(x, self._half(x))

    def adjoint(self, y: Volume) -> Volume:
        """Return the same: D is real and even, and cropping is adjoint to padding."""
        return self.forward(y)

    def normal(self, x: Volume) -> Volume:
        """Return D D x."""
        if self.doubled:
            return self.forward(self.forward(x))
        return self._filtered(x, self._half(x).square())

    def spectrum(self, x: Volume) -> Tensor:
        """Return D^2 (z, y, x), of the body that repeats."""
        return self.kernel(x).square()

    def kernel(self, x: Volume) -> Tensor:
        """Return D (z, y, x) of the body that repeats, in FFT order."""
        return self._made(tuple(x.shape[-3:]), self.voxel_size, self.direction).to(x.real)

    def _half(self, x: Tensor) -> Tensor:
        """Return D at the frequencies of a real transform, made once for each kind of volume."""
        size = tuple(n * (2 if self.doubled else 1) for n in x.shape[-3:])
        key = (size, x.real.dtype, x.device)
        if key not in self._kernels:
            kernel = self._made(size, self.voxel_size, self.direction, half=True, dtype=x.real.dtype)
            self._kernels[key] = kernel.to(x.device)
        return self._kernels[key]

    def _filtered(self, x: Tensor, kernel: Tensor) -> Tensor:
        if x.is_complex():
            return torch.complex(self._filtered(x.real, kernel), self._filtered(x.imag, kernel))
        size = [n * (2 if self.doubled else 1) for n in x.shape[-3:]]
        field = torch.fft.irfftn(torch.fft.rfftn(x, s=size, dim=AXES) * kernel, s=size, dim=AXES)
        z, y, columns = x.shape[-3:]
        return field[..., :z, :y, :columns]


def dipole(
    shape: Sequence[int],
    voxel_size: Sequence[float],
    direction: Sequence[float],
    *,
    half: bool = False,
    dtype: torch.dtype = torch.float64,
) -> Tensor:
    """Return D(k) in FFT order, real and even also where a size is even.

    Arguments:
        shape: of the volume (z, y, x).
        voxel_size: millimetres along (z, y, x).
        direction: a unit vector along B0.
        half: only the frequencies along x that a real transform has.
    """
    along, square, mixed = torch.zeros((), dtype=dtype), torch.zeros((), dtype=dtype), torch.zeros((), dtype=dtype)
    for axis, (n, length, b) in enumerate(zip(shape, voxel_size, direction, strict=True)):
        k = _frequencies(n, length, half and axis == 2)
        # the highest frequency of an even size has both signs: products with other axes cancel
        odd = torch.where(2 * torch.arange(len(k)) == n, 0, k)
        place = [1, 1, 1]
        place[axis] = -1
        square = square + k.square().reshape(place).to(dtype)
        along = along + (b * k).square().reshape(place).to(dtype)
        crossed = (b * odd).reshape(place).to(dtype)
        along = along + 2 * mixed * crossed
        mixed = mixed + crossed
    square[0, 0, 0] = 1
    along[0, 0, 0] = 1 / 3
    return 1 / 3 - along / square


def _frequencies(count: int, spacing: float, half: bool) -> Tensor:
    """Return the frequencies along an axis in FFT order, half of them those that a real transform has."""
    return (torch.fft.rfftfreq if half else torch.fft.fftfreq)(count, d=spacing, dtype=torch.float64)


def averaged_dipole(
    shape: Sequence[int],
    voxel_size: Sequence[float],
    direction: Sequence[float],
    *,
    half: bool = False,
    dtype: torch.dtype = torch.float64,
) -> Tensor:
    """Return D(k) in FFT order, averaged over aliases: of the two nearest along each axis, since others weigh little.

    Arguments are those of `dipole`.
    """
    axes = []
    for axis, (n, length, b) in enumerate(zip(shape, voxel_size, direction, strict=True)):
        nearest = _frequencies(n, 1.0, half and axis == 2)
        aliases = torch.stack([nearest, nearest - torch.where(nearest < 0, -1, 1)])
        weights = torch.sinc(aliases).square()
        weights = weights / weights.sum(0)
        place = [2, 1, 1, 1]
        place[axis + 1] = -1
        k = (aliases / length).reshape(place)
        axes.append([*zip(k.square().to(dtype), (b * k).to(dtype), weights.reshape(place).to(dtype), strict=True)])
    kernel = torch.zeros((), dtype=dtype)
    for one, two, three in itertools.product(*axes):
        (z, along_z, share_z), (y, along_y, share_y), (x, along_x, share_x) = one, two, three
        square = z + y + x
        square[0, 0, 0].clamp_(min=torch.finfo(dtype).tiny)
        kernel = kernel + share_z * share_y * share_x * (1 / 3 - (along_z + along_y + along_x).square_() / square)
    kernel[0, 0, 0] = 0
    return kernel


def checked_direction(direction: Sequence[float]) -> tuple[float, float, float]:
    """Return the unit vector along B0.

    Raises:
        UserError: where it is none.
    """
    values = [float(d) for d in direction]
    length = sum(d * d for d in values) ** 0.5
    if len(values) != 3 or not 0 < length < float("inf"):
        raise UserError(f"B0 cannot point along {tuple(values)}; give three numbers along z, y, x, such as 1 0 0")
    z, y, x = (d / length for d in values)
    return z, y, x


def checked_lengths(voxel_size: Sequence[float]) -> tuple[float, float, float]:
    """Return the size of a voxel.

    Raises:
        UserError: where it is none.
    """
    values = [float(d) for d in voxel_size]
    if len(values) != 3 or not all(0 < d < float("inf") for d in values):
        raise UserError(f"voxels cannot be of size {tuple(values)}; give millimetres along z, y, x, such as 1 1 1")
    z, y, x = values
    return z, y, x
