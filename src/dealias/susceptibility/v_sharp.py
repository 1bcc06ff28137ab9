"""Background removal by spheres: in a field without sources inside, every value is the mean of the sphere around it.

    (delta - S_r) * field  is free of the background where the sphere of radius r fits; delta - S_r is then undone

| Quantitative imaging of intrinsic magnetic tissue properties using MRI signal phase (Schweser et al., 2011): SHARP
| https://doi.org/10.1016/j.neuroimage.2010.10.070
| Whole brain susceptibility mapping using compressed sensing (Wu et al., 2012): its radii
| https://doi.org/10.1002/mrm.23000
"""

from collections.abc import Sequence

import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from dealias.errors import UserError
from dealias.shapes import Region, Volume

AXES = (-3, -2, -1)


def v_sharp(
    field: Volume, mask: Region, voxel_size: Sequence[float], *, radius: float = 8.0, threshold: float = 0.05
) -> tuple[Volume, Region]:
    """Return the local field (z, y, x) and the smaller mask in which it is known.

    Arguments:
        field: (z, y, x), of any unit.
        mask: (z, y, x), where it is known.
        voxel_size: millimetres along (z, y, x).
        radius: of the largest sphere, in millimetres; smaller ones, down to one voxel, serve nearer to the edge.
        threshold: of |1 - S|, below which nothing is restored.

    Raises:
        UserError: where no sphere fits.
    """
    size = [n + 2 * int(radius / d + 1) for n, d in zip(field.shape, voxel_size, strict=True)]
    depth = torch.from_numpy(distance_transform_edt(torch.nn.functional.pad(mask, (1,) * 6), tuple(voxel_size)))
    depth = depth[1:-1, 1:-1, 1:-1].to(field)
    step = max(voxel_size)
    count = max(1, round(radius / step))
    radii = [max(radius, 1.01 * step)] + [radius - step * k for k in range(1, count) if radius - step * k >= step]
    spectrum = torch.fft.rfftn(field * mask, s=size, dim=AXES)
    sharp, known = torch.zeros_like(field), torch.zeros_like(mask)
    first: Tensor | None = None
    for r in radii:
        kernel = 1 - _sphere(size, voxel_size, r).to(field)
        first = kernel if first is None else first
        z, y, x = field.shape
        filtered = torch.fft.irfftn(spectrum * kernel, s=size, dim=AXES)[:z, :y, :x]
        fresh = (depth > r) & ~known
        sharp = torch.where(fresh, filtered, sharp)
        known = known | fresh
    if first is None or not bool(known.any()):
        raise UserError(f"no sphere of {min(radii):.3g} mm fits the mask; give a larger mask")
    inverse = torch.where(first.abs() >= threshold, 1 / first, 0)
    z, y, x = field.shape
    local = torch.fft.irfftn(torch.fft.rfftn(sharp, s=size, dim=AXES) * inverse, s=size, dim=AXES)[:z, :y, :x]
    return local * known, known


def _sphere(size: Sequence[int], voxel_size: Sequence[float], radius: float) -> Tensor:
    """Return the spectrum of a ball of sum one, real as the ball is even, at the frequencies of a real transform."""
    square = torch.zeros(())
    for axis, (n, d) in enumerate(zip(size, voxel_size, strict=True)):
        place = [1, 1, 1]
        place[axis] = n
        square = square + (d * torch.fft.fftfreq(n, 1 / n)).square().reshape(place)
    ball = (square <= radius**2).double()
    return torch.fft.rfftn(ball / ball.sum(), dim=AXES).real
