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
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.coils._calibration import FEWEST, LINES, centre, coarse_images, measured
from dealias.coils._eigen import eigh
from dealias.coils._holes import share_left_out
from dealias.coils._phase import turn
from dealias.coils.square import side
from dealias.coils.whiten import uneven_noise
from dealias.errors import Note, UserError
from dealias.noise import estimate_noise
from dealias.numpy_bridge import numpy_too
from dealias.shapes import Maps, SetsOfMaps

BLOCK = 2**17  # numbers of M at once: they stay in the cache
DENSE = 16  # pixels in the shortest period of M that make a grid dense
WRAPPED = 0.05  # share of the signal
HOLES = 0.01  # share of the pixels that hold signal
USUAL, LEAST = 0.03, 0.001  # thresholds


@numpy_too
def espirit(
    acquisition: Acquisition | Tensor,
    *,
    calibration: int = 24,
    kernel: int = 6,
    threshold: float | None = None,
    crop: float = 0.8,
) -> Maps:
    """Return the coil maps (*batch, coil, y, x) of an acquisition, for its `with_maps`.

    Their root sum of squares is one where the largest eigenvalue reaches `crop`. Elsewhere no signal was seen
    and they are zero, as the image of any method will be; `crop=0` gives unit maps everywhere. Their phase is
    that against the principal combination of the coils. A film's frames share their maps. A Note is given
    where pixels that hold signal have no maps, one coil's noise is far louder than others', or the field of view wraps.

    Arguments:
        acquisition: also centred k-space (..., coil, y, x), a tensor or an array.
        calibration: rows and columns of the centre to calibrate on, at most; of these, what was sampled.
        kernel: rows and columns of a window; half of those of a centre that has fewer than 12.
        threshold: of the singular values that count as signal, as a fraction of the largest. None is 0.03, less
            where a dark part of the body would have no maps, but above the noise.
        crop: smallest eigenvalue of a pixel that has maps.

    Raises:
        UserError: where the fully sampled centre has fewer than 6 rows or columns, or an argument is impossible.
    """
    scan = measured(acquisition)
    found = _of_scan(scan, calibration, kernel, threshold, crop, sets=1)
    left_out, wrapped, uneven = found.left_out, found.wrapped, uneven_noise(scan)
    if uneven:
        warnings.warn(Note(uneven), stacklevel=3)
    if left_out > HOLES:
        text = f"{left_out:.0%} of the pixels that hold signal have no coil maps, and will be zero"
        warnings.warn(Note(f"{text}; sample a larger centre, or keep them with crop=0 (--method.crop 0)"), stacklevel=3)
    if wrapped > WRAPPED and not uneven:  # loud noise looks like a field of view that wraps
        text = f"the field of view wraps: {wrapped:.0%} of the signal needs a second set of maps, which one set lacks"
        warnings.warn(Note(f"{text}; expect ghosts there, or use two sets (dealias.SoftSense, --sets 2)"), stacklevel=3)
    return found.maps.squeeze(-4)


@numpy_too
def espirit_sets(
    acquisition: Acquisition | Tensor,
    sets: int = 2,
    *,
    calibration: int = 24,
    kernel: int = 6,
    threshold: float | None = None,
    crop: float = 0.8,
) -> SetsOfMaps:
    """Return several sets of coil maps (*batch, set, coil, y, x): where the field of view wraps, a pixel needs two.

    They are the eigenvectors of the largest eigenvalues, each zero where its own is below `crop`, and orthogonal to
    each other. `SoftSense` takes them.

    | ESPIRiT, an eigenvalue approach to autocalibrating parallel MRI (Uecker et al., 2014), the section of soft SENSE
    | https://doi.org/10.1002/mrm.24751

    Arguments:
        acquisition: also centred k-space (..., coil, y, x), a tensor or an array; so are the others as in `espirit`.
        sets: how many, at most as many as coils.

    Raises:
        UserError: as `espirit`, or for a number of sets that the coils cannot tell apart.
    """
    return _of_scan(acquisition, calibration, kernel, threshold, crop, sets).maps


@dataclass(frozen=True)
class _Found:
    """Maps ([set,] coil, y, x), and which shares of the signal need another set or have none."""

    maps: Tensor
    wrapped: float
    left_out: float


def _of_scan(
    acquisition: Acquisition | Tensor, calibration: int, kernel: int, threshold: float | None, crop: float, sets: int
) -> _Found:
    """Return the maps of all slices (*batch, set, coil, y, x), and the largest of their shares."""
    if not 1 <= kernel <= LINES or calibration < LINES:
        raise UserError(f"a kernel has 1 to {LINES} rows and a calibration {LINES} or more; correct them")
    if not 0 <= (threshold or 0) < 1 or not 0 <= crop <= 1:
        raise UserError("threshold and crop are fractions from 0 to 1; correct them")
    scan = measured(acquisition)
    if not 1 <= sets <= scan.coils:
        raise UserError(f"{scan.coils} coils cannot have {sets} sets of maps; give 1 to {scan.coils}")
    lead = scan.kspace.shape[:-3]
    if "time" in scan.axes:
        lead = torch.Size((*lead[:-1], 1))
    noise = estimate_noise(scan).reshape(*lead, -1).amin(-1).flatten()
    maps, wrapped, left_out = [], 0.0, 0.0
    for samples, sampled, noise_std in zip(*centre(scan, calibration, FEWEST), noise.tolist(), strict=True):
        if not samples.any():
            maps.append(samples.new_zeros(sets, scan.coils, *scan.shape[-2:]))
            continue
        windows = kernel if side(sampled) >= LINES else min(kernel, side(sampled) // 2)
        found = _of_slice(samples, sampled, (*scan.shape[-2:],), windows, threshold, crop, noise_std, sets)
        maps.append(found.maps)
        wrapped, left_out = max(wrapped, found.wrapped), max(left_out, found.left_out)
    return _Found(torch.stack(maps).reshape(*lead, sets, scan.coils, *scan.shape[-2:]), wrapped, left_out)


def _of_slice(
    samples: Tensor,
    sampled: Tensor,
    shape: tuple[int, int],
    kernel: int,
    threshold: float | None,
    crop: float,
    noise_std: float,
    sets: int,
) -> _Found:
    """Return what the centre (coil, a, b) of k-space tells of a slice (y, x).

    Where signal is left out the threshold is halved, until it comes to the noise.
    """
    size = float(samples.abs().max())
    windows = _windows(samples / size, sampled, kernel)
    values, basis = _singular_vectors(windows)
    few, many = sorted(windows.shape)
    noise_std = min(noise_std, size * _most_noise(values, few, many))
    largest = noise_std / size * math.sqrt(2) * (math.sqrt(few) + math.sqrt(many))  # singular value of noise alone
    floor = largest / float(values[-1])
    fraction = max(USUAL, floor) if threshold is None else threshold
    found = _maps(samples, sampled, basis[:, values > fraction * values[-1]], shape, crop, noise_std, sets)
    dark = threshold is None and found.left_out > HOLES
    while dark and found.left_out > 0 and fraction > max(floor, LEAST):
        fraction = max(fraction / 2, floor, LEAST)
        lower = _maps(samples, sampled, basis[:, values > fraction * values[-1]], shape, crop, noise_std, sets)
        if lower.wrapped > found.wrapped + WRAPPED:  # noise or ghosts count as signal then
            break
        found = lower
    return found


def _maps(
    samples: Tensor,
    sampled: Tensor,
    basis: Tensor,
    shape: tuple[int, int],
    crop: float,
    noise_std: float,
    sets: int,
) -> _Found:
    """Return the maps of the signal that an orthonormal basis (coil * kernel * kernel, rank) spans."""
    projection = _projection(basis, math.isqrt(len(basis) // len(samples)))
    values, vectors, next_value = (_eigenvectors if sets == 1 else partial(_several, sets=sets))(projection, shape)
    seen = values >= crop
    maps = (vectors * turn(vectors, samples) * seen[..., None]).permute(2, 3, 0, 1)
    left_out = share_left_out(samples, sampled, seen[..., 0], noise_std)
    return _Found(maps, _share(samples, next_value > 0.8), left_out)


def _windows(kspace: Tensor, mask: Tensor, kernel: int) -> Tensor:
    """Return every window that was sampled in full, (window, coil * kernel * kernel)."""
    windows, sampled = (value.unfold(-2, kernel, 1).unfold(-2, kernel, 1) for value in (kspace, mask))
    return windows[:, sampled.all(-1).all(-1)].transpose(0, 1).flatten(1)


def _singular_vectors(windows: Tensor) -> tuple[Tensor, Tensor]:
    """Return the singular values of the windows, rising, and the vectors (coil * kernel * kernel, n) of each."""
    if len(windows) < windows.shape[1]:  # the smaller Gram matrix has the same eigenvalues
        values, vectors = eigh(windows @ windows.mH)
        values = values.clamp_min(0).sqrt()
        return values, windows.T @ vectors.conj() / torch.where(values == 0, 1, values)
    values, vectors = eigh(windows.T @ windows.conj())
    return values.clamp_min(0).sqrt(), vectors


def _most_noise(values: Tensor, few: int, many: int) -> float:
    """Return which noise_std would alone have the middle one of the singular values (Marchenko and Pastur's law)."""
    return float(values[len(values) // 2]) / math.sqrt(2 * many * (1 - few / many / 3))


def _projection(basis: Tensor, kernel: int) -> Tensor:
    """Return M at (2 kernel - 1)^2 pixels, from the image's centre on: (y, x, coil, coil)."""
    filters = basis.reshape(-1, kernel, kernel, basis.shape[1]).permute(1, 2, 0, 3)
    size = 2 * kernel - 1
    spread = torch.fft.ifft2(filters, s=(size, size), dim=(0, 1), norm="forward") / kernel
    return spread @ spread.mH


def _eigenvectors(projection: Tensor, shape: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the largest eigenvalue (y, x, 1) at every pixel, its vector (y, x, 1, coil), and the second one (y, x).

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
    vector = vector / torch.where(value == 0, 1, value)[..., None]
    return value[..., None], vector[..., None, :], second


def _several(projection: Tensor, shape: tuple[int, int], sets: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the largest eigenvalues (y, x, set), their vectors (y, x, set, coil), and the next eigenvalue (y, x).

    Where two are nearly equal their vectors are no smooth functions of place: no pixel tells of its neighbours'.
    """
    places = (_dirichlet(torch.arange(n), n, len(projection)) for n in shape)
    found = [eigh(block) for _, block in _blocks(projection, *places)]
    values, vectors = (torch.cat(parts).flip(-1) for parts in zip(*found, strict=True))
    next_value = values[..., sets] if sets < values.shape[-1] else torch.zeros_like(values[..., 0])
    return values[..., :sets], vectors[..., :sets].mT, next_value


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
