"""Stein's unbiased risk estimate: how far the image is from the truth where it was measured, no image being known.

    (||A x_T(y) - y||^2 + 2 Re <e, A x_T(y + c e) - A x_T(y)> / c - E ||e||^2) / ||y||^2, mean over problems,

e a new draw of the noise, c small: in the mean over e and y it is ||A x_T - A x||^2 / ||y||^2, x the true image

| Estimation of the mean of a multivariate normal distribution (Stein, 1981), theorem 1
| https://doi.org/10.1214/aos/1176345632
| Monte-Carlo SURE: A black-box optimization of regularization parameters for general denoising algorithms
| (Ramani, Blu and Unser, 2008), theorem 2 | https://doi.org/10.1109/TIP.2008.2001404

`measured` rewards a network that repeats the noise; this one does not, since the second term counts how much of its
own noise an image holds. It is blind to what a mask left out, which other masks of other scans show

| ENSURE: A general approach for unsupervised training of deep image reconstruction algorithms
| (Aggarwal et al., 2023) | https://doi.org/10.1109/TMI.2022.3224359

and, with --held, the samples that were held back: their noise is none of the image's, so that they need no second term.
A noise level that nobody told is estimated.
"""

from collections.abc import Iterable
from dataclasses import replace

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.noise import with_noise_level
from dealias.shapes import Image
from dealias.training.example import Example

SMALL = 0.1  # c: far above what rounding does to k-space, far below where a network stops being smooth


def sure(estimates: Iterable[Image], example: Example) -> Tensor:
    """Return the estimated relative squared error of the last estimate at all samples that there are."""
    scan, held = example.problem, example.held
    assert isinstance(scan, Acquisition) and example.method is not None
    known = with_noise_level(scan)
    noise = _drawn_noise(known, example.number)
    with torch.autocast(scan.kspace.device.type, enabled=False):  # bfloat16 rounds off what a little noise does
        *_, last = estimates
        *_, other = example.method.estimates(replace(scan, kspace=scan.kspace + SMALL * noise))
    axes = tuple(range(last.ndim - len(scan.axes), scan.kspace.ndim))
    answer = (noise.conj() * scan.operator(other - last)).real / SMALL
    error = _excess(known, last) + 2 * answer
    energy = _squares(scan.kspace)
    if held is not None:
        assert isinstance(held, Acquisition)
        error = error + _excess(replace(held, noise_std=known.noise_std), last)
        energy = energy + _squares(held.kspace)
    energy = energy.sum(axes)
    return (error.sum(axes) / torch.where(energy == 0, 1, energy)).mean()


def _drawn_noise(scan: Acquisition, seed: int) -> Tensor:
    """Return noise of the level of each sample; none where nothing was sampled."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(scan.kspace.shape, dtype=torch.complex64, generator=generator).to(scan.kspace)
    return drawn * _variance(scan).sqrt()


def _variance(scan: Acquisition) -> Tensor:
    """Return the mean square of the noise of each sample, of its two parts together."""
    assert scan.noise_std is not None
    return (2 * scan.noise_std.square() * scan.mask).expand(scan.kspace.shape)


def _excess(scan: Acquisition, x: Image) -> Tensor:
    """Return how much more than noise the residual of each sample is."""
    return _squares(scan.operator(x) - scan.kspace) - _variance(scan)


def _squares(kspace: Tensor) -> Tensor:
    return kspace.abs().square()
