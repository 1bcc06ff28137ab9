"""Coils whose noise is independent and of standard deviation one.

    k' = L^-1 k,  with L L^H = sum n n^H / (2 samples)  over noise n

The factor two: noise_std is the deviation of the real part, and both parts add up in n n^H. Without a noise scan only
the diagonal is known: off it, the detail that all coils see would count as noise and be suppressed.

| Advances in sensitivity encoding with arbitrary k-space trajectories (Pruessmann et al., 2001), appendix A
| https://doi.org/10.1002/mrm.1241
"""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.coils._mixed import mixed
from dealias.coils.covariance import Covariance
from dealias.errors import Note, UserError
from dealias.noise import outer_samples
from dealias.numpy_bridge import numbers

LOUD = 4.0  # times the median coil's noise; two measured arrays have 1.2 and 1.4
MIXED = 0.05  # correlation of coils that a compression made; measured ones have 0.7 and more


def outer_noise(acquisition: Acquisition) -> Covariance:
    """Return the covariance of the outermost tenth of k-space, which holds noise and what detail there is."""
    return Covariance.of(torch.cat(outer_samples(acquisition), dim=1))


def uneven_noise(acquisition: Acquisition) -> str:
    """Return the sentence of `complaint` about a scan."""
    return complaint(outer_noise(acquisition), lambda: Covariance.of_all(acquisition.kspace))


def complaint(noise: Covariance, samples: Callable[[], Covariance]) -> str:
    """Return a sentence about coils of unequal noise; nothing where they are much alike, or none has any.

    Also nothing where all samples are uncorrelated: coils that a compression made, whose detail falls from coil to
    coil.

    Arguments:
        samples: gives the covariance of all, which costs something and is asked for where one coil is loud.
    """
    size = noise.total.diagonal().real.sqrt()
    size = size[size > 0]
    loudness = float(size.max() / size.median()) if len(size) else 1.0
    if loudness < LOUD or samples().correlation < MIXED:
        return ""
    text = f"the noise of the loudest coil is {loudness:.0f} times that of most, and decides the image"
    return f"{text}; give each coil its due with --whiten auto (dealias.coils.whiten)"


def whiten(acquisition: Acquisition, noise: Any = None) -> Acquisition:
    """Return the acquisition with white noise of standard deviation one in the real part of every sample.

    Maps change with the coils and are brought to unit root sum of squares again: the image of any method is
    then in units of the noise that a fully sampled scan would have shown there. A coil that measured nothing stays.

    Arguments:
        noise: samples (coil, ...) of a scan without excitation, on the scale of k-space, a tensor or an array; the
            coils may be another axis, if one only has their number.
            None takes the outermost tenth of k-space instead: noise and what detail there is. Coils see the same
            detail, so that it says how loud each coil is, not how alike their noise is. The noise is
            one at most then, and noise_std None: methods that trust it would smooth detail away. So does the
            `outer_noise` of a whole scan, where the acquisition is some of its slices.

    Raises:
        UserError: where the noise does not fit the coils, is zero in one that measured something, or has too few
            samples.
    """
    noise = outer_noise(acquisition) if noise is None else noise
    judged = isinstance(noise, Covariance)
    if judged:
        text = "the noise was judged by the outermost tenth of k-space, whose detail counts as noise"
        warnings.warn(Note(f"{text}; a noise scan is better"), stacklevel=2)
    found = noise if isinstance(noise, Covariance) else Covariance.of(_samples(noise, acquisition.coils))
    if found.count < 2 * acquisition.coils or not torch.isfinite(found.total).all():
        text = f"{found.count} noise samples of {acquisition.coils} coils are too few, or not finite"
        raise UserError(f"{text}; measure more")
    # each coil at its own scale first, so that the factorisation is as exact for weak coils as for strong ones
    size = found.total.diagonal().real.sqrt()
    dead = (size == 0) & ~acquisition.kspace.movedim(-3, 0).flatten(1).any(1).to(size.device)
    size = torch.where(dead, 1, size)[:, None]
    alike = torch.eye(len(size)).to(found.total) if judged else found.total / size / size.mT + torch.diag(dead.double())
    lower, trouble = torch.linalg.cholesky_ex(alike / 2)
    if not (size > 0).all() or trouble:
        raise UserError("the noise of one coil is zero or a mixture of others'; leave that coil out, or compress")
    ones = acquisition.kspace.real.new_ones((1,) * acquisition.kspace.ndim)
    inverse = torch.linalg.inv(lower) / size.mT * found.count**0.5
    return mixed(acquisition, inverse, None if judged else ones)


def _samples(noise: Any, coils: int) -> Tensor:
    """Return samples (coil, sample) of a scan without excitation."""
    samples = noise if isinstance(noise, Tensor) else torch.from_numpy(numbers(noise, "the noise"))
    alike = [axis for axis, size in enumerate(samples.shape) if size == coils]
    if len(alike) == 1:
        samples = samples.movedim(alike[0], 0)
    if not samples.is_complex() or samples.ndim < 2 or samples.shape[0] != coils:
        kind = f"{'complex' if samples.is_complex() else 'real'} {tuple(samples.shape)}"
        raise UserError(f"the noise is {kind}; give complex samples (coil, ...) of the {coils} coils")
    return samples.flatten(1)
