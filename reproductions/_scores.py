"""Scores of a method, remembered; decibels on the held-back brain and on bodies that no training saw."""

import time
from collections.abc import Sequence

import torch
from torch import Tensor

import dealias
from _data import foreign, held_back, scans
from _remembered import remembered
from _verdict import paired, worded
from dealias.cards import weights
from dealias.evaluation.metrics import psnr, ssim

BRAIN, ABROAD = "brain", "mean abroad"


def psnr_and_ssim(method: dealias.Method, scan: dealias.Acquisition, image: Tensor, **case) -> tuple[float, float]:
    """Return PSNR and SSIM of a method's magnitude, computed once.

    Arguments:
        case: what tells the scan from all others.
    """

    def compute() -> dict[str, float]:
        x = dealias.reconstruct(method, scan)
        return {"psnr": float(psnr(x, image)), "ssim": float(ssim(x, image))}

    found = remembered(compute, method, **case)
    return found["psnr"], found["ssim"]


def bodies(count: int) -> dict[str, list[Tensor]]:
    """Return so many slices (y, x) of the held-back brain, and one of each foreign body."""
    return {BRAIN: held_back(count), **{name: [image] for name, image in foreign().items()}}


def loaded(names: Sequence[str], unet: str | None = None) -> dict[str, dealias.Method]:
    """Return methods by their names, without the U-Net where there are no weights of it.

    Arguments:
        unet: a file of weights in the place of shipped ones.
    """
    files = {name: name for name in names} | {"unet": unet or "unet"}
    return {name: dealias.load(files[name]) for name in names if name != "unet" or unet or "unet" in weights()}


def measured(method: dealias.Method, scan: dealias.Acquisition, image: Tensor) -> dict[str, float]:
    """Return PSNR and SSIM of a method, and its seconds of processor."""
    start = time.process_time()
    x = dealias.reconstruct(method, scan)
    seconds = time.process_time() - start
    return {"psnr": float(psnr(x, image)), "ssim": float(ssim(x, image)), "seconds": seconds}


def decibels(
    method: dealias.Method | str, images: Sequence[Tensor], acceleration: float = 4.0, *, phase: bool = False, **how
) -> float:
    """Return the PSNR of a method, averaged over images.

    Arguments:
        phase: of complex images instead of magnitudes.
        how: the scans are simulated: patterns, noise_std, width, centre.
    """
    pairs = scans(images, acceleration, **how)
    return float(torch.stack([psnr(dealias.reconstruct(method, scan), x, phase=phase) for scan, x in pairs]).mean())


def everywhere(
    methods: Sequence[dealias.Method | str], places: dict[str, list[Tensor]], **how
) -> dict[str, Tensor] | None:
    """Return the PSNR of each method (seed,) on each body and the mean of the foreign ones; None without a method.

    Arguments:
        methods: those that learned from each seed, or a single one.
    """
    if not methods:
        return None
    found = {
        name: torch.tensor([decibels(method, images, **how) for method in methods]) for name, images in places.items()
    }
    others = [value for name, value in found.items() if name != BRAIN]
    return {**found, ABROAD: torch.stack(others).mean(0)}


def cells(scores: dict[str, Tensor] | None, places: Sequence[str]) -> list[str | None]:
    """Return the cells of a row, mean and standard deviation over seeds; None where it is not run yet."""
    return [None if scores is None else worded(scores[place], ".2f") for place in places]


def gain(
    one: dict[str, Tensor] | None, other: dict[str, Tensor] | None, place: str, *, once: Sequence[bool] = (False, False)
) -> Tensor | None:
    """Return by how much one exceeds the other (seed,); None where either is not run yet; `once` as in `paired`."""
    return None if one is None or other is None else paired(one[place], other[place], once=once)
