"""Which axis of k-space is which, where nobody names them: its shape says what is usual, its numbers whether it is so.

Along rows and columns of centred k-space the energy lies in the middle. The images along a coil axis are one body
seen differently: their windows of k-space span together hardly more than one of them alone, as those of slices do
not, and they differ more than the frames of a film.

| ESPIRiT, an eigenvalue approach to autocalibrating parallel MRI (Uecker et al., 2014), equation 12
| https://doi.org/10.1002/mrm.24751
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.coils._calibration import centre
from dealias.errors import Note, UserError
from dealias.files.to_acquisition import native

CENTRAL, SMALLEST = 0.6, 16  # share of the energy in a quarter of the samples, and how many these must be
AROUND = 2  # places on each side of the middle of an axis
BLOCK, MEMBERS, KERNEL = 48, 16, 4  # of k-space and of the images that are looked at
CLEAR = 0.1  # of the largest singular value
TOGETHER, EACH, ALIKE = 2.0, 0.4, 0.85  # times the rank of one image, more for each further one; share of energy


def recognised(kspace: Any, usual: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the axes of k-space; a Note says where they are not the usual ones.

    Arguments:
        kspace: an array, or a dataset of which only a part is read.
        usual: the names that an array of so many axes has.
    """
    if 0 in kspace.shape or kspace.ndim != len(usual):
        return tuple(usual)
    names = _with_rows(kspace, list(usual))
    places = [axis for axis, name in enumerate(names) if name not in ("y", "x") and kspace.shape[axis] > 1]
    coil = names.index("coil") if "coil" in names else None
    if places and places != [coil]:
        for axis in sorted(places, key=lambda axis: axis != coil):
            if _looks_like_coils(kspace, names, axis):
                if axis != coil and coil is not None:
                    names[coil] = names[axis]
                names[axis] = "coil"
                break
    if names != list(usual):
        shape = " x ".join(map(str, kspace.shape))
        text = f"the axes of {shape} are taken for '{' '.join(names)}', which its numbers look like"
        warnings.warn(Note(f"{text}; name them with --axes if they are not"), stacklevel=4)
    return tuple(names)


def _with_rows(kspace: Any, names: list[str]) -> list[str]:
    """Return the names with y and x where energy lies in the middle, if it does so along two other axes only."""
    usual = [names.index("y"), names.index("x")]
    if all(_central_share(kspace, axis) > CENTRAL for axis in usual):
        return names
    central = [axis for axis in range(kspace.ndim) if _central_share(kspace, axis) > CENTRAL]
    if len(central) != 2:
        return names
    rest = [name for name in names if name not in ("y", "x")]
    return [{central[0]: "y", central[1]: "x"}.get(axis) or rest.pop(0) for axis in range(kspace.ndim)]


def _central_share(kspace: Any, axis: int) -> float:
    """Return which share of the energy a quarter of the places along an axis holds, in the middle.

    In the middle of all other axes, which is little to read.
    """
    size = kspace.shape[axis]
    if size < SMALLEST:
        return 0.0
    middle = [slice(max(0, n // 2 - AROUND), n // 2 + AROUND) for n in kspace.shape]
    middle[axis] = slice(None)
    magnitude = np.abs(native(np.asarray(kspace[tuple(middle)]), "k-space"))
    largest = magnitude.max(initial=0)
    if not 0 < largest < np.inf:
        return 0.0
    magnitude = magnitude / largest  # squares neither under- nor overflow
    profile = np.square(magnitude).sum(tuple(other for other in range(kspace.ndim) if other != axis), dtype=np.float64)
    half = size // 8
    return float(profile[size // 2 - half : size // 2 + half + 1].sum() / profile.sum())


def _looks_like_coils(kspace: Any, names: list[str], axis: int) -> bool:
    """Whether the images along an axis are one body seen differently; no, where that cannot be told."""
    stack = _central_stack(kspace, names, axis)
    if not stack.is_complex() or not torch.isfinite(stack).all():
        return False
    stack = stack[stack.abs().amax((-2, -1)) > 0].to(torch.complex128)
    if len(stack) < 2:
        return False
    stack = stack / stack.abs().max()  # squares neither under- nor overflow
    try:
        samples, sampled = (value[0] for value in centre(Acquisition.centred(stack, shift=None), 24))
    except UserError:  # the centre of k-space is too small, or there is none
        return False
    samples = samples / torch.linalg.vector_norm(samples, dim=(-2, -1), keepdim=True)
    alone = max(_rank(sample[None], sampled) for sample in samples)
    energy = torch.linalg.svdvals(samples.flatten(1)).square()
    together = min(TOGETHER, 1 + EACH * (len(samples) - 1))
    return _rank(samples, sampled) < together * alone and float(energy[0] / energy.sum()) < ALIKE


def _central_stack(kspace: Any, names: list[str], axis: int) -> Tensor:
    """Return the middle of k-space (image, y, x) along an axis, in the middle of all others."""
    index: list[Any] = [size // 2 for size in kspace.shape]
    rows = [names.index("y"), names.index("x")]
    for place in (*rows, axis):
        wanted = min(kspace.shape[place], MEMBERS if place == axis else BLOCK)
        first = kspace.shape[place] // 2 - wanted // 2
        index[place] = slice(first, first + wanted)
    block = native(np.asarray(kspace[tuple(index)]), "k-space")
    order = sorted((axis, *rows))
    return torch.from_numpy(block.transpose([order.index(place) for place in (axis, *rows)]).copy())


def _rank(samples: Tensor, sampled: Tensor) -> int:
    """Return how many singular values of the windows of samples (image, a, b) are clear."""
    windows, inside = (value.unfold(-2, KERNEL, 1).unfold(-2, KERNEL, 1) for value in (samples, sampled))
    flat = windows[:, inside.all(-1).all(-1)].transpose(0, 1).flatten(1)
    values = torch.linalg.svdvals(flat)
    return int((values > CLEAR * values[0]).sum())
