"""How large the error of an image is, from samples of the scan that were hidden while it was made.

    E |A x_h - A x|^2_k = E |(A x_h)_k - y_k|^2 - E |noise_k|^2   at samples k hidden from x_h, here in bands of radius

| Cross-validatory choice and assessment of statistical predictions (Stone, 1974), equation 2.4
| https://doi.org/10.1111/j.2517-6161.1974.tb00994.x

Summed over the samples that nobody measured it is, by Parseval, the squared error of the image: of the sum over coils,
too, whose maps have unit root sum of squares. The image x of all samples is better than each x_h; were it the mean of
all that fits, its error would be orthogonal to x - x_h, so that ||x_h - x||^2 is taken off. At measured samples the
error is what fitting them leaves, with the share d of a sample's own say as the hidden residual tells it,

    E |A x - A x*|^2 = E |A x - y|^2 - noise + 2 d noise,  d = 1 - |A x - y| / |A x_h - y|

| Estimation of the mean of a multivariate normal distribution (Stein, 1981), theorem 1
| https://doi.org/10.1214/aos/1176345632

What the maps of several coils cannot describe stays in the residual of the image itself, and is no error of it.
Where the noise level is unknown it is not taken off: the error is that from an image of all samples and their noise.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.folds import line_axis, radii
from dealias.noise import estimate_noise
from dealias.operators.cartesian import Cartesian
from dealias.shapes import Image
from dealias.solvers.solve import solve

BANDS = 10
STEPS = 3  # of conjugate gradients: more would explain noise
LEAST = 0.2  # of the error of the parts' images that the image of all samples is thought to have


@dataclass(frozen=True, eq=False)
class HeldOut:
    """An image, those made without some samples, and the error that these samples show.

    Arguments:
        image: of all samples (*batch, [time,] y, x).
        parts: each made without one set of samples (set, *batch, [time,] y, x); none of full scans.
        energy: mean squared error of the complex image's pixels (*batch).
        radius: mean of each band (*batch, band), 1/2 at the edge of an axis; bands hold equally many frequencies.
        bands: mean squared error, all coils together, of the frequencies in each that nobody measured (*batch, band).
    """

    image: Image
    parts: Tensor
    energy: Tensor
    radius: Tensor
    bands: Tensor


def held_out(
    reconstruct: Callable[[Acquisition], Image], scan: Acquisition, folds: int = 4, share: float = 0.1, seed: int = 0
) -> HeldOut:
    """Return what samples held out of a scan say about the images that a method makes of it.

    Arguments:
        reconstruct: makes an image of an acquisition; it is called once more than there are folds.
        folds: how many sets are held out, one at a time.
        share: of the samples beyond the centre that each set takes.
        seed: of which.

    Raises:
        UserError: for several coils without maps, or where too few samples can be held out.
    """
    pairs = scan.folds(folds, share, seed) if bool((~scan.mask).any()) else []
    lead = scan.shape[: -len(scan.axes)]
    problems = [(place, scan[place]) for place in np.ndindex(*lead)]
    held = [[part[place].mask for _, part in pairs] for place, _ in problems]
    for (_, problem), masks in zip(problems, held, strict=True):
        _check(problem, masks)
    image = reconstruct(scan)
    parts = image.new_zeros((len(pairs), *image.shape))
    for number, (kept, _) in enumerate(pairs):
        parts[number] = reconstruct(kept)
    found = [
        _judged(problem, image[place], [part[place] for part in parts], masks)
        for (place, problem), masks in zip(problems, held, strict=True)
    ]
    energy, radius, bands = (torch.stack(values) for values in zip(*found, strict=True))
    return HeldOut(image, parts, energy.reshape(lead), radius.reshape(*lead, -1), bands.reshape(*lead, -1))


def missing(scan: Acquisition) -> Tensor:
    """Return which frequencies nobody measured ([*batch, time,] y, x), in FFT order."""
    return ~scan.mask.squeeze(-3).expand(scan.shape)


def _check(problem: Acquisition, masks: list[Tensor]) -> None:
    """Raise where nothing tells how large the error is."""
    _ = problem.operator  # refuses coils without maps
    if not problem.mask.any():
        raise UserError("a slice has no samples, so that nothing tells its error; leave it out with --slices")
    if masks and missing(problem).any() and not all(bool(mask.any()) for mask in masks):
        few = "too few samples lie beyond the fully sampled centre to hold some out"
        raise UserError(f"{few}; give fewer folds, or reconstruct without the error bar")


def _judged(
    problem: Acquisition, image: Tensor, parts: list[Tensor], masks: list[Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the mean squared error of one problem's pixels, and radius and error of each band."""
    every = Cartesian(torch.ones_like(problem.mask), problem.maps)
    radius, coils, unseen = _radius(problem), problem.coils, missing(problem)
    variance = 2 * _deviation(problem).double().square().expand(problem.kspace.shape).sum(-3)
    spectrum = every(image)
    residual = _squares(spectrum - problem.kspace)
    seen = _profile(radius, [~unseen], [residual])
    foreign = torch.zeros_like(seen)
    if coils > 1:
        foreign = torch.maximum(variance * (1 - 1 / coils), _profile(radius, [~unseen], [_foreign(problem, image)]))
    noise = variance / coils  # of the image
    of_seen = (seen - foreign).clamp_min(0)
    if not parts or not unseen.any():
        return (of_seen + noise).mean(), *_bands(radius, unseen, torch.zeros_like(seen))
    hidden = [mask.squeeze(-3).expand(radius.shape) for mask in masks]
    spectra = [every(part) for part in parts]
    differences = [_squares(each - problem.kspace) for each in spectra]
    of_hidden = (_profile(radius, hidden, differences) - foreign).clamp_min(0)
    error = (of_hidden - noise).clamp_min(0)
    say = 1 - (of_seen / of_hidden.clamp_min(torch.finfo(of_hidden.dtype).tiny)).sqrt().clamp_max(1)
    total = (error * unseen).sum()
    better = sum(float((_squares(each - spectrum) * unseen).sum()) for each in spectra) / len(parts)
    total = torch.maximum(total - better, LEAST * total)
    fitted = ((of_seen - noise + 2 * say * noise).clamp_min(0) * ~unseen).sum()
    return (total + fitted) / radius.numel(), *_bands(radius, unseen, error)


def _foreign(problem: Acquisition, image: Tensor) -> Tensor:
    """Return the energy of what no image explains, at every sample ([time,] y, x): least squares from this image on."""
    residual = problem.kspace - problem.operator(image)
    start = problem.operator.adjoint(residual)
    step = solve(problem.operator.normal, start, STEPS, problem.coupled).x
    return _squares(residual - problem.operator(step))


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


def _profile(radius: Tensor, where: list[Tensor], values: list[Tensor]) -> Tensor:
    """Return the mean value by radius, between bands on the line of its logarithm: energy falls by orders of magnitude.

    Arguments:
        where: samples that count, for each of the values.
    """
    place = torch.cat([radius[chosen] for chosen in where])
    value = torch.cat([each[chosen] for each, chosen in zip(values, where, strict=True)])
    place, order = place.sort(stable=True)
    count = max(1, min(BANDS, len(place.unique()) // 2))
    centres = torch.stack([part.mean() for part in place.tensor_split(count)])
    means = torch.stack([part.mean() for part in value[order].tensor_split(count)])
    logarithms = means.clamp_min(torch.finfo(means.dtype).tiny).log()
    found = np.interp(radius.cpu().numpy(), centres.cpu().numpy(), logarithms.cpu().numpy())
    return torch.from_numpy(found).to(radius).exp()


def _bands(radius: Tensor, unseen: Tensor, error: Tensor) -> tuple[Tensor, Tensor]:
    chosen = unseen if unseen.any() else torch.ones_like(unseen)
    place, order = radius[chosen].sort(stable=True)
    count = min(BANDS, len(place))
    pairs = zip(place.tensor_split(count), error[chosen][order].tensor_split(count), strict=True)
    centres, means = zip(*((a.mean(), b.mean()) for a, b in pairs), strict=True)
    rest = BANDS - count  # of images of a few pixels
    return torch.stack([*centres, *[centres[-1]] * rest]), torch.stack([*means, *[means[-1]] * rest])
