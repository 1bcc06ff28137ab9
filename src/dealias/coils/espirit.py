"""Coil maps from the fully sampled centre of k-space, as eigenvectors (ESPIRiT).

Windows of k x k samples of all coils span a small space. Projection onto it, averaged over the samples of a
window, is a convolution of k-space, in image space a Hermitian matrix M(x) of coils times coils per pixel with
eigenvalues in [0, 1]: the maps s(x) are its eigenvector of eigenvalue one, M(x) s(x) = s(x).

| ESPIRiT, an eigenvalue approach to autocalibrating parallel MRI (Uecker et al., 2014), equations 12 to 20
| https://doi.org/10.1002/mrm.24751

M has 2k - 1 frequencies along each axis: its values on a grid of so many points give it everywhere, by
interpolation with the Dirichlet kernel.
"""

import math
import warnings
from collections.abc import Iterator

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.coils._calibration import LINES, centre, coarse_images, measured
from dealias.coils._eigen import eigh
from dealias.coils._phase import turn
from dealias.errors import Note, UserError
from dealias.numpy_bridge import numpy_too
from dealias.shapes import Maps

BLOCK = 2**17  # numbers of M at once: they stay in the cache
DENSE = 16  # pixels in the shortest period of M that make a grid dense
WRAPPED = 0.05  # share of the signal


@numpy_too
def espirit(
    acquisition: Acquisition | Tensor,
    *,
    calibration: int = 24,
    kernel: int = 6,
    threshold: float = 0.03,
    crop: float = 0.8,
) -> Maps:
    """Return the coil maps (*batch, coil, y, x) of an acquisition, for its `with_maps`.

    Their root sum of squares is one where the largest eigenvalue reaches `crop`. Elsewhere no signal was seen
    and they are zero, as the image of any method will be; `crop=0` gives unit maps everywhere. Their phase is
    that against the principal combination of the coils. A film's frames share their maps. A Note is given
    where the field of view wraps, so that one set of maps is not enough.

    Arguments:
        acquisition: also centred k-space (..., coil, y, x), a tensor or an array.
        calibration: rows and columns of the centre to calibrate on, at most; of these, what was sampled.
        kernel: rows and columns of a window.
        threshold: of the singular values that count as signal, as a fraction of the largest.
        crop: smallest eigenvalue of a pixel that has maps.

    Raises:
        UserError: where the fully sampled centre has fewer than 12 rows or columns, or an argument is impossible.
    """
    if not 1 <= kernel <= LINES or calibration < LINES:
        raise UserError(f"a kernel has 1 to {LINES} rows and a calibration {LINES} or more; correct them")
    if not 0 <= threshold < 1 or not 0 <= crop <= 1:
        raise UserError("threshold and crop are fractions from 0 to 1; correct them")
    scan = measured(acquisition)
    lead = scan.kspace.shape[:-3]
    if "time" in scan.axes:
        lead = torch.Size((*lead[:-1], 1))
    rows, columns = scan.shape[-2:]
    maps, wrapped = [], 0.0
    for samples, sampled in zip(*centre(scan, calibration), strict=True):
        if not samples.any():
            maps.append(samples.new_zeros(scan.coils, rows, columns))
            continue
        windows = _windows(samples / samples.abs().max(), sampled, kernel)
        value, vector, second = _eigenvectors(_projection(_signal(windows, threshold), kernel), (rows, columns))
        vector = vector * turn(vector, samples) * (value >= crop)[..., None]
        maps.append(vector.permute(2, 0, 1))
        wrapped = max(wrapped, _share(samples, second > 0.8))
    if wrapped > WRAPPED:
        text = f"the field of view wraps: {wrapped:.0%} of the signal needs a second set of maps, which one set lacks"
        warnings.warn(Note(f"{text}; expect ghosts there, or measure a larger field of view"), stacklevel=3)
    return torch.stack(maps).reshape(*lead, scan.coils, rows, columns)


def _windows(kspace: Tensor, mask: Tensor, kernel: int) -> Tensor:
    """Return every window that was sampled in full, (window, coil * kernel * kernel)."""
    windows, sampled = (value.unfold(-2, kernel, 1).unfold(-2, kernel, 1) for value in (kspace, mask))
    return windows[:, sampled.all(-1).all(-1)].transpose(0, 1).flatten(1)


def _signal(windows: Tensor, threshold: float) -> Tensor:
    """Return an orthonormal basis (coil * kernel * kernel, rank) of what the windows span beyond the noise."""
    if len(windows) < windows.shape[1]:  # the smaller Gram matrix has the same eigenvalues
        values, vectors = eigh(windows @ windows.mH)
        kept = values > threshold**2 * values[-1]
        return windows.T @ vectors[:, kept].conj() / values[kept].sqrt()
    values, vectors = eigh(windows.T @ windows.conj())
    return vectors[:, values > threshold**2 * values[-1]]


def _projection(basis: Tensor, kernel: int) -> Tensor:
    """Return M at (2 kernel - 1)^2 pixels, from the image's centre on: (y, x, coil, coil)."""
    filters = basis.reshape(-1, kernel, kernel, basis.shape[1]).permute(1, 2, 0, 3)
    size = 2 * kernel - 1
    spread = torch.fft.ifft2(filters, s=(size, size), dim=(0, 1), norm="forward") / kernel
    return spread @ spread.mH


def _eigenvectors(projection: Tensor, shape: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the largest eigenvalue (y, x) at every pixel, its vector (y, x, coil), and the second one (y, x).

    On a dense grid M is decomposed at every second row and column; halfway between two pixels their vectors' mean
    is as good as exact after M was applied to it once. What M makes of a vector has the eigenvalue's length.
    """
    size = projection.shape[0]
    step = 2 if min(shape) >= DENSE * size else 1
    seconds, vectors = [], []
    for _, block in _blocks(projection, *(_dirichlet(torch.arange(0, n + step - 1, step), n, size) for n in shape)):
        values, every = eigh(block)
        seconds.append(values[..., -2] if values.shape[-1] > 1 else torch.zeros_like(values[..., 0]))
        vectors.append(every[..., -1].clone())
    second, start = torch.cat(seconds), torch.cat(vectors)
    if step == 2:
        second = second.repeat_interleave(2, 0).repeat_interleave(2, 1)[: shape[0], : shape[1]]
        start = _between(_between(start, 0)[: shape[0]], 1)[:, : shape[1]]
    applied = [
        (block @ start[rows][..., None])[..., 0]
        for rows, block in _blocks(projection, *(_dirichlet(torch.arange(n), n, size) for n in shape))
    ]
    vector = torch.cat(applied)
    value = torch.linalg.vector_norm(vector, dim=-1)
    return value, vector / torch.where(value == 0, 1, value)[..., None], second


def _between(vectors: Tensor, axis: int) -> Tensor:
    """Return unit vectors (y, x, coil) with the means of neighbours along an axis, in equal phase, between them."""
    count = vectors.shape[axis]
    first, second = vectors.narrow(axis, 0, count - 1), vectors.narrow(axis, 1, count - 1)
    mean = first + second * (second.conj() * first).sum(-1, keepdim=True).sgn()
    mean = mean / torch.linalg.vector_norm(mean, dim=-1, keepdim=True)
    pairs = torch.stack((first, mean), axis + 1).flatten(axis, axis + 1)
    return torch.cat((pairs, vectors.narrow(axis, count - 1, 1)), axis)


def _blocks(projection: Tensor, down: Tensor, along: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield M (y, x, coil, coil) for some rows at a time, and which these are."""
    size, coils = projection.shape[1:3]
    grid = torch.view_as_real(projection).reshape(size, -1)
    down, along = down.to(grid), along.to(grid)
    count = max(1, BLOCK // (coils**2 * len(along)))
    for begin in range(0, len(down), count):
        rows = slice(begin, begin + count)
        lines = (down[rows] @ grid).reshape(-1, size, 2 * coils**2)
        yield rows, torch.view_as_complex((along @ lines).reshape(-1, len(along), coils, coils, 2))


def _dirichlet(places: Tensor, count: int, size: int) -> Tensor:
    """Return the matrix (place, size) from values on a periodic grid of odd size to some of `count` centred pixels."""
    offset = (places.to(torch.float64) - count // 2)[:, None] / count
    offset = (offset - torch.arange(size, dtype=torch.float64) / size) * math.pi
    sine = offset.sin()
    same = sine.abs() < 1e-12
    return torch.where(same, 1, (size * offset).sin() / (size * torch.where(same, 1, sine)))


def _share(samples: Tensor, where: Tensor) -> float:
    """Return which part of the energy of the coarse image lies in some pixels (y, x)."""
    energy = coarse_images(samples, (*where.shape,)).abs().square().sum(0)
    return float(energy[where].sum() / energy.sum())
