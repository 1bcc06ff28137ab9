"""How noisy a measurement is, judged from the samples that see least of the image."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.operators.wavelet import Wavelet, noise_deviation
from dealias.problem import P, Problem


def estimate_noise(acquisition: Acquisition) -> Tensor:
    """Return an upper bound on the standard deviation of each sample's real part, one number per slice and frame.

    Over the outermost tenth of the sampled samples it is median |y| / sqrt(2 ln 2), exact where they hold
    noise alone; what detail they hold adds to it. A dead coil's zeros tell nothing. An empty mask gives zero.
    """
    none = acquisition.kspace.real.new_zeros(())
    levels = [
        outer[outer != 0].abs().median() / math.sqrt(2 * math.log(2)) if outer.any() else none
        for outer in outer_samples(acquisition)
    ]
    return torch.stack(levels).reshape(acquisition.kspace.shape[:-3])


def outer_samples(acquisition: Acquisition) -> list[Tensor]:
    """Return the outermost tenth of each slice's and frame's sampled samples (coil, sample); none of an empty mask.

    What is zero in all coils was put there by a scanner that enlarged the matrix, whatever the mask says.
    """
    rows, columns = (torch.fft.fftfreq(n, device=acquisition.mask.device) for n in acquisition.shape[-2:])
    radius = rows[:, None].square() + columns.square()
    kspace = acquisition.kspace
    mask = acquisition.mask.expand(*kspace.shape[:-3], 1, *kspace.shape[-2:])
    found = []
    for samples, sampled in zip(
        kspace.reshape(-1, *kspace.shape[-3:]), mask.reshape(-1, *mask.shape[-2:]), strict=True
    ):
        holds = sampled & (samples != 0).any(0)
        count = int(holds.sum())
        outer = radius[holds].topk(min(count, max(1, count // 10))).indices
        found.append(samples[:, holds][:, outer])
    return found


def noise_level(problem: Problem) -> Tensor:
    """Return the standard deviation of each problem's samples in each part (*batch, 1, 1), estimated if not told."""
    told = problem.noise_level
    if told is not None:
        return told
    if isinstance(problem, Acquisition):
        return estimate_noise(problem)[..., None, None]
    return of_problem(noise_deviation(Wavelet(1)(problem.zero_filled)), problem.coupled)


def of_problem(deviation: Tensor, coupled: int) -> Tensor:
    """Return what slices (*batch, [z,] 1, 1) show as one number for each problem of so many axes, its axes kept.

    Slices, or sets of coil maps, that are empty show nothing.
    """
    lead = deviation.ndim - coupled
    slices = deviation.flatten(lead)
    median = slices.where(slices > 0, torch.nan).nanmedian(-1).values.nan_to_num()
    return median.reshape(*median.shape, *(1,) * coupled)


def with_noise_level(problem: P) -> P:
    """Return the problem with a noise level: the one that it has, else the estimated one."""
    if problem.noise_std is not None:
        return problem
    level = noise_level(problem).flatten(len(problem.shape) - problem.coupled).squeeze(-1)
    axes = problem.data.ndim - level.ndim
    return replace(problem, noise_std=level.reshape(*level.shape, *(1,) * axes))  # type: ignore[type-var]
