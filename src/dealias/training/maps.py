"""The coil maps of a training: simulated, of measured coils, and as ESPIRiT finds them in what was measured."""

import warnings
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dealias import coils
from dealias.acquisition import Acquisition
from dealias.errors import Note
from dealias.shapes import Image, Maps
from dealias.training._random_numbers import integer, uniform


def draw_maps(size: tuple[int, int], number: int, bank: Tensor | None, generator: torch.Generator) -> Maps:
    """Return simulated maps (coil, y, x), or in half of the cases a part of measured ones, stretched to this size.

    Arguments:
        bank: measured maps; None only simulates.
    """
    if bank is None or uniform(0, 1, generator) < 0.5:
        return coils.simulate(size, number, generator=generator)
    chosen = torch.randperm(len(bank), generator=generator)[:number]
    rows, columns = (integer(round(0.6 * n), n, generator) for n in bank.shape[-2:])
    top, left = (integer(0, n - k, generator) for n, k in zip(bank.shape[-2:], (rows, columns), strict=True))
    part = torch.view_as_real(bank[chosen, top : top + rows, left : left + columns]).movedim(-1, 1)
    fine = interpolate(part, size, mode="bicubic", align_corners=True).movedim(1, -1).contiguous()
    maps = torch.view_as_complex(fine)
    for axis in (-2, -1):
        if uniform(0, 1, generator) < 0.5:
            maps = maps.flip(axis)
    seen = maps.abs().square().sum(0).sqrt()
    return maps / torch.where(seen == 0, 1, seen)


def with_estimated_maps(scan: Acquisition, image: Image) -> tuple[Acquisition, Image]:
    """Return a scan with the maps that its own samples show, and the image as those combine its coils.

    The true maps of an image are known to no user; errors of estimated ones are what a network has to live with.
    """
    assert scan.maps is not None
    maps = estimated(scan)
    return replace(scan, maps=maps), (maps.conj() * scan.maps).sum(-3) * image


def estimated(scan: Acquisition) -> Maps:
    """Return ESPIRiT's maps, without its Note: crops wrap as no field of view does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Note)
        return coils.espirit(scan)
