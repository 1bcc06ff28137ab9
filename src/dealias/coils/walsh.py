"""Coil maps as the combination of coils with the highest signal around each pixel (adaptive combination).

The maps at x are the eigenvector of the largest eigenvalue of R(x), the covariance of the coil images over the
pixels around x.

| Adaptive reconstruction of phased array MR imagery (Walsh, Gmitro and Marcellin, 2000), equations 9 and 13
| https://doi.org/10.1002/(SICI)1522-2594(200005)43:5<682::AID-MRM10>3.0.CO;2-G
"""

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.coils._calibration import centre, coarse_images, measured
from dealias.coils._phase import turn
from dealias.coils.square import side
from dealias.errors import UserError
from dealias.numpy_bridge import numpy_too
from dealias.shapes import Maps

BLOCK = 2**17  # numbers of R at once: they stay in the cache


@numpy_too
def walsh(acquisition: Acquisition | Tensor, *, calibration: int = 48, neighbourhood: int = 7) -> Maps:
    """Return coil maps (*batch, coil, y, x) of unit root sum of squares at every pixel, for `with_maps`.

    They come from the coarse coil images of the fully sampled centre, and hold where some signal is near:
    quick, and less exact at the edges of the object than `espirit`. A film's frames share their maps.

    Arguments:
        acquisition: also centred k-space (..., coil, y, x), a tensor or an array.
        calibration: rows and columns of the centre to use, at most.
        neighbourhood: rows and columns of pixels around each one, an odd number.

    Raises:
        UserError: where the fully sampled centre has fewer than 12 rows or columns, or an argument is impossible.
    """
    if neighbourhood < 1 or neighbourhood % 2 == 0 or calibration < 12:
        raise UserError("a neighbourhood is an odd number and a calibration 12 or more; correct them")
    scan = measured(acquisition)
    lead = scan.kspace.shape[:-3]
    if "time" in scan.axes:
        lead = torch.Size((*lead[:-1], 1))
    rows, columns = scan.shape[-2:]
    maps = []
    for samples, sampled in zip(*centre(scan, calibration), strict=True):
        if not samples.any():
            maps.append(samples.new_zeros(scan.coils, rows, columns))
            continue
        tapered = samples * _taper(samples.shape[-2:], side(sampled)).to(samples)
        vectors = _strongest(coarse_images(tapered, (rows, columns)), neighbourhood)
        maps.append((vectors * turn(vectors, tapered)).permute(2, 0, 1))
    return torch.stack(maps).reshape(*lead, scan.coils, rows, columns)


def _taper(shape: tuple[int, ...], width: int) -> Tensor:
    """Return a window (a, b) that falls smoothly to zero at the edges of a centred square."""
    y, x = (torch.cos(((torch.arange(n) - n // 2) / width).clamp(-0.5, 0.5) * torch.pi).square() for n in shape)
    return y[:, None] * x


def _strongest(images: Tensor, size: int) -> Tensor:
    """Return the principal combination (y, x, coil) of coil images (coil, y, x) around every pixel."""
    coils, _, columns = images.shape
    half = size // 2
    images = torch.nn.functional.pad(images, (half, half, half, half))
    around = images.unfold(-2, size, 1).unfold(-2, size, 1)  # (coil, y, x, size, size)
    found = []
    for block in around.split(max(1, BLOCK // (coils * max(coils, size**2) * columns)), dim=1):
        near = block.permute(1, 2, 0, 3, 4).flatten(-2)
        found.append(torch.linalg.eigh(near @ near.mH)[1][..., -1].clone())
    return torch.cat(found)
