"""How large the error of an image is, from samples of the scan that were hidden while it was made again.

    E |A x - A t|^2 = E |A z - y|^2 - E |noise|^2   z = R(y on C, A x on M' - C),  at the samples of M - M'

The image x = R(y) of all samples M supplies the others of M' that nobody measured. What the method R makes of them and
of the measured centre C is compared with the samples that were measured and are now hidden. They lie to M' as what
nobody measured lies to M, so the method has the same task; but what x lacks, z lacks too, and what x has wrong misleads
z. That the two errors are alike is no identity: `benchmarks/error_bars.py` measures how alike.

| Cross-validatory choice and assessment of statistical predictions (Stone, 1974), equation 2.4
| https://doi.org/10.1111/j.2517-6161.1974.tb00994.x

Summed over the samples that nobody measured it is, by Parseval, the squared error of the image: of the sum over coils,
too, whose maps have unit root sum of squares. At measured samples the error is what fitting them leaves, with the share
d of a sample's own say as the hidden residual tells it,

    E |A x - A t|^2 = E |A x - y|^2 - noise + 2 d noise,  d = 1 - |A x - y| / |A z - y|

| Estimation of the mean of a multivariate normal distribution (Stein, 1981), theorem 1
| https://doi.org/10.1214/aos/1176345632

What the maps of several coils cannot describe stays in the residual of the image itself, and is no error of it.
Where the noise level is unknown it is not taken off: the error is that from an image of all samples and their noise.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.error_bar.exchange import exchanged_masks
from dealias.error_bar.magnitude_share import Part, in_pairs, magnitude_share
from dealias.errors import UserError
from dealias.folds import line_axis, radii
from dealias.noise import estimate_noise
from dealias.operators.cartesian import Cartesian
from dealias.shapes import Image, Kspace
from dealias.solvers.solve import solve

BANDS, FINE = 10, 40  # of radius: of what the samples miss, of what there is
LEAST = 1e-6
STEPS = 3  # of conjugate gradients: more would explain noise


@dataclass(frozen=True, eq=False)
class HeldOut:
    """An image, those made of other samples, and the error that the hidden ones show.

    Arguments:
        image: of all samples (*batch, [time,] y, x).
        parts: each made with other samples exchanged (set, *batch, [time,] y, x); none of full scans.
        energy: mean squared error of the complex image's pixels (*batch).
        magnitude: likewise of the magnitude's pixels.
        radius: mean of each band (*batch, band), 1/2 at the edge of an axis; bands hold equally many frequencies.
        bands: mean squared error, all coils together, of the frequencies in each that nobody measured (*batch, band).
    """

    image: Image
    parts: Tensor
    energy: Tensor
    magnitude: Tensor
    radius: Tensor
    bands: Tensor


def held_out(reconstruct: Callable[[Acquisition], Image], scan: Acquisition, folds: int = 4, seed: int = 0) -> HeldOut:
    """Return what samples held out of a scan say about the image that a method makes of it.

    An empty slice, which holds zeros alone, is passed over: nothing is expected to be wrong with its empty image.

    Arguments:
        reconstruct: makes an image of an acquisition; it is called once more than there are folds.
        folds: how many times samples are held out, and others taken instead; ten at most.
        seed: of which others.

    Raises:
        UserError: for several coils without maps, or where too few samples can be held out.
    """
    mask = scan.mask.expand(*scan.mask.shape[:-2], *scan.shape[-2:])
    lead = scan.shape[: -len(scan.axes)]
    problems = {place: scan[place] for place in np.ndindex(*lead)}
    full = {place: problem for place, problem in problems.items() if problem.kspace.any()}
    others = []
    if any(missing(problem).any() for problem in full.values()):
        others = exchanged_masks(mask, folds, torch.Generator().manual_seed(seed), film=len(scan.axes) > 2)
    taken = {place: [replace(scan, mask=other)[place].mask for other in others] for place in full}
    for place, problem in full.items():
        _check(problem, taken[place])
    image = reconstruct(scan)
    foreign = {place: _foreign(problem, image[place]) for place, problem in full.items()}
    parts = image.new_zeros((len(others), *image.shape))
    if others:
        again = scan.kspace.clone()
        for place, problem in full.items():
            drawn = _measured_again(problem, image[place], foreign[place], torch.Generator().manual_seed(seed))
            again[place] = torch.where(problem.mask, problem.kspace, drawn)
        for number, other in enumerate(others):
            parts[number] = reconstruct(replace(scan, kspace=again * other, mask=other))
    found = [
        _judged(problem, image[place], foreign[place], [part[place] for part in parts], taken[place])
        if place in full
        else _nothing(problem)
        for place, problem in problems.items()
    ]
    energy, share, radius, bands = (torch.stack(values) for values in zip(*found, strict=True))
    magnitude = (energy * share).reshape(lead)
    return HeldOut(image, parts, energy.reshape(lead), magnitude, radius.reshape(*lead, -1), bands.reshape(*lead, -1))


def missing(scan: Acquisition) -> Tensor:
    """Return which frequencies nobody measured ([*batch, time,] y, x), in FFT order."""
    return ~scan.mask.squeeze(-3).expand(scan.shape)


def _check(problem: Acquisition, masks: list[Tensor]) -> None:
    """Raise where nothing tells how large the error is."""
    _ = problem.operator  # refuses coils without maps
    if masks and missing(problem).any() and not all(bool((problem.mask & ~mask).any()) for mask in masks):
        few = "too few samples lie beyond the fully sampled centre to hold some out"
        raise UserError(f"{few}; reconstruct without the error bar")


def _judged(
    problem: Acquisition, image: Tensor, foreign: Tensor, parts: list[Tensor], masks: list[Tensor]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the mean squared error of one problem's pixels, the magnitude's share, radius and error of each band."""
    every = Cartesian(torch.ones_like(problem.mask), problem.maps)
    radius, unseen, noise = _radius(problem), missing(problem), _variance(problem) / problem.coils
    residual = _squares(every(image) - problem.kspace)
    of_seen = (_curve(radius[~unseen], residual[~unseen])(radius) - foreign).clamp_min(0)
    if not parts or not unseen.any():
        half = of_seen.new_tensor(0.5)
        return (of_seen + noise).mean(), half, *_bands(radius, unseen, torch.zeros_like(of_seen))
    misfits = [every(part) - problem.kspace for part in parts]
    differences = [_squares(misfit) for misfit in misfits]
    of_hidden = (_from_hidden(problem, radius, differences, masks) - foreign).clamp_min(0)
    error = (of_hidden - noise).clamp_min(0)
    say = 1 - (of_seen / of_hidden.clamp_min(torch.finfo(of_hidden.dtype).tiny)).sqrt().clamp_max(1)
    fitted = (of_seen - noise + 2 * say * noise).clamp_min(0)
    hidden = [_part(every, misfit, problem.mask & ~mask, noise) for misfit, mask in zip(misfits, masks, strict=True)]
    pairs = in_pairs(~unseen) & (radius > radius[unseen].min() / 2)  # near enough to what is missing to be like it
    measured = _part(every, problem.kspace, pairs.unsqueeze(-3), noise)
    expected = torch.where(unseen, error, fitted)
    share = magnitude_share(image, expected, unseen, hidden, measured)
    return expected.mean(), share, *_bands(radius, unseen, error)


def _nothing(problem: Acquisition) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return what `_judged` does, of a problem that holds nothing."""
    radius = _radius(problem)
    zeros = torch.zeros_like(radius)
    return zeros.mean(), zeros.mean() + 0.5, *_bands(radius, missing(problem), zeros)


def _part(every: Cartesian, kspace: Kspace, where: Tensor, noise: Tensor) -> Part:
    return Part(every.adjoint(kspace * where), _squares(kspace * where), (noise * where.squeeze(-3)).sum())


def _from_hidden(problem: Acquisition, radius: Tensor, differences: list[Tensor], masks: list[Tensor]) -> Tensor:
    """Return the energy of the difference at every frequency ([time,] y, x): signal, by its distance from samples.

    The share of the signal that hidden samples miss at each distance from the nearest that was taken, then what this
    foretells too little or too much in each band of radius.
    """
    signal, seen = _squares(problem.kspace), ~missing(problem)
    hidden = [seen & ~mask.squeeze(-3) for mask in masks]
    far = torch.cat(
        [_distance(mask.squeeze(-3).expand(seen.shape))[each] for mask, each in zip(masks, hidden, strict=True)]
    )
    place = torch.cat([radius[each] for each in hidden])
    size = torch.cat([signal[each] for each in hidden])
    least = LEAST * size.mean()  # where there is no signal, no share of it can be told
    signal, size = signal.clamp_min(least), size.clamp_min(least)
    missed = torch.cat([difference[each] for difference, each in zip(differences, hidden, strict=True)])
    distance = _distance(seen)
    lost, whole = _curve(far, missed, None), _curve(far, size, None)
    rest, foretold = _curve(place, missed), _curve(place, size * lost(far) / whole(far))
    everywhere = _curve(radius[seen], signal[seen], FINE)(radius) * lost(distance) / whole(distance)
    return everywhere * rest(radius) / foretold(radius)


def _distance(mask: Tensor) -> Tensor:
    """Return how far the nearest line of a mask is from each frequency ([time,] y, x); zero where it samples points."""
    found = []
    for pattern in mask.reshape(-1, *mask.shape[-2:]):
        axis = line_axis(pattern)
        line = torch.fft.fftshift(torch.zeros_like(pattern[0]) if axis is None else pattern.any(-3 - axis))
        place = torch.arange(len(line), dtype=torch.float64, device=mask.device)
        steps = torch.fft.ifftshift((place[:, None] - place[line]).abs().amin(1)) if line.any() else 0 * place
        found.append((steps[:, None] if axis == -2 else steps).expand(pattern.shape))
    return torch.stack(found).reshape(mask.shape)


def _foreign(problem: Acquisition, image: Tensor) -> Tensor:
    """Return the energy, by radius ([time,] y, x), of what no image explains: least squares from this image on."""
    radius, coils = _radius(problem), problem.coils
    if coils == 1:
        return torch.zeros_like(radius)
    residual = problem.kspace - problem.operator(image)
    start = problem.operator.adjoint(residual)
    step = solve(problem.operator.normal, start, STEPS, problem.coupled).x
    seen = ~missing(problem)
    rest = _curve(radius[seen], _squares(residual - problem.operator(step))[seen])(radius)
    return torch.maximum(_variance(problem) * (1 - 1 / coils), rest)


def _measured_again(problem: Acquisition, image: Tensor, foreign: Tensor, generator: torch.Generator) -> Kspace:
    """Return k-space of the image, with noise: as much as is told, or as the coils do not agree on."""
    clean = Cartesian(torch.ones_like(problem.mask), problem.maps)(image)
    variance = _variance(problem) if problem.coils == 1 else foreign / (1 - 1 / problem.coils)
    drawn = torch.randn((*clean.shape, 2), generator=generator, dtype=clean.real.dtype).to(clean.device)
    level = (variance / (2 * problem.coils)).sqrt().unsqueeze(-3).to(drawn)
    return clean + level * torch.view_as_complex(drawn)


def _variance(problem: Acquisition) -> Tensor:
    """Return the variance of the noise of all coils' samples together ([time,] y, x); zero if unknown."""
    return 2 * _deviation(problem).double().square().expand(problem.kspace.shape).sum(-3)


def _deviation(problem: Acquisition) -> Tensor:
    """Return the noise level with as many axes as k-space: zero if unknown, estimated if all was measured."""
    if problem.noise_std is not None:
        return problem.noise_std
    level = torch.zeros(()) if missing(problem).any() else estimate_noise(problem)
    return level.to(problem.kspace.device)[..., None, None, None]


def _radius(problem: Acquisition) -> Tensor:
    """Return how far each frequency is from zero ([time,] y, x), along the axis of lines where lines were sampled."""
    patterns = problem.mask.expand(*problem.mask.shape[:-2], *problem.shape[-2:]).flatten(0, -3)
    axes = [line_axis(pattern) for pattern in patterns]
    rows, columns = problem.shape[-2:]
    found = [radii(rows, columns, axis, problem.kspace.device) for axis in axes]
    return torch.stack(found).squeeze(0).expand(problem.shape).double()


def _squares(kspace: Tensor) -> Tensor:
    return kspace.abs().double().square().sum(-3)


def _curve(place: Tensor, value: Tensor, bands: int | None = BANDS) -> Callable[[Tensor], Tensor]:
    """Return the mean value by place, between bands on the line of its logarithm: energy falls by orders of magnitude.

    Arguments:
        place: of each value.
        bands: of equally many values; None is one for each place.
    """
    place, order = place.sort(stable=True)
    places, counts = place.unique_consecutive(return_counts=True)
    count = max(1, min(bands or 0, len(places) // 2))
    sizes = counts.tolist() if bands is None else [len(part) for part in place.tensor_split(count)]
    centres = torch.stack([part.mean() for part in place.split(sizes)])
    means = torch.stack([part.mean() for part in value[order].split(sizes)])
    logarithms = means.clamp_min(torch.finfo(means.dtype).tiny).log()

    def at(wanted: Tensor) -> Tensor:
        found = np.interp(wanted.cpu().numpy(), centres.cpu().numpy(), logarithms.cpu().numpy())
        return torch.from_numpy(found).to(wanted).exp()

    return at


def _bands(radius: Tensor, unseen: Tensor, error: Tensor) -> tuple[Tensor, Tensor]:
    chosen = unseen if unseen.any() else torch.ones_like(unseen)
    place, order = radius[chosen].sort(stable=True)
    count = min(BANDS, len(place))
    pairs = zip(place.tensor_split(count), error[chosen][order].tensor_split(count), strict=True)
    centres, means = zip(*((a.mean(), b.mean()) for a, b in pairs), strict=True)
    rest = BANDS - count  # of images of a few pixels
    return torch.stack([*centres, *[centres[-1]] * rest]), torch.stack([*means, *[means[-1]] * rest])
