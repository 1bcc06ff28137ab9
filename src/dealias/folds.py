"""Which samples of a scan are held out, so that what a method makes of the others can be compared with them.

Candidates are ordered by radius and cut into blocks; every set takes one of each block at random. So each set has the
radii of them all, and what is learned there holds for the samples that nobody measured. What lies within the radius
at which the first sample is missing is never held out: nothing is missing there.

| Cross-validatory choice and assessment of statistical predictions (Stone, 1974)
| https://doi.org/10.1111/j.2517-6161.1974.tb00994.x
"""

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.shapes import Mask

CENTRE = 2  # frequencies on each side of zero that always stay: without them nothing looks like the image


def held_masks(mask: Mask, count: int, share: float, generator: torch.Generator, film: bool = False) -> list[Mask]:
    """Return disjoint masks of samples to hold out (..., 1, y, x), in FFT order; empty where too few can be.

    Arguments:
        mask: what was sampled, in FFT order (..., 1, y, x), of the size of k-space in y and x.
        count: how many sets.
        share: of the samples beyond the centre that one set takes; of lines, where whole lines were sampled.
        generator: draws alike for every problem of a batch; frames of a film differ.
        film: whether the axis before the coils is time.

    Raises:
        UserError: for a share or a count that cannot be.
    """
    if count < 1 or not 0 < share < 1 or count * share > 1:
        raise UserError(f"{count} sets of {share:g} of the samples cannot be held out; give fewer, or a smaller share")
    rows, columns = mask.shape[-2:]
    frames = mask.shape[-4] if film else 1
    numbers = torch.rand((frames, rows * columns), generator=generator, dtype=torch.float64).to(mask.device)
    found = [
        _labels(pattern, count, share, numbers[number % frames])
        for number, pattern in enumerate(mask.reshape(-1, rows, columns))
    ]
    labels = torch.stack(found).reshape(mask.shape)
    return [labels == number for number in range(count)]


def line_axis(pattern: Tensor) -> int | None:
    """Return the axis, -2 or -1, along which the lines of a pattern (y, x) are counted; None where it has points.

    What is missing at the ends of a line for all lines, such as zeros that a scanner appended, makes no points.
    """
    along = [pattern.any(-1), pattern.any(-2)]  # of rows, of columns
    if not torch.equal(pattern, along[0][:, None] & along[1]):
        return None
    for changes in (_has_gaps, lambda sampled: not sampled.all()):
        found = [axis for axis, sampled in zip((-2, -1), along, strict=True) if changes(sampled)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def radii(rows: int, columns: int, axis: int | None = None, device: torch.device | None = None) -> Tensor:
    """Return how far each sample (y, x) is from zero frequency, in FFT order; 1/2 at the edge of an axis.

    Arguments:
        axis: -2 or -1 where only that one counts.
    """
    y, x = (torch.fft.fftfreq(n, device=device).abs() for n in (rows, columns))
    if axis is not None:
        return (y[:, None] if axis == -2 else x).expand(rows, columns)
    return torch.hypot(y[:, None], x)


def candidates(pattern: Tensor) -> Tensor:
    """Return which samples (y, x) may be held out: those as far out as the first that is missing, or farther."""
    rows, columns = pattern.shape
    axis = line_axis(pattern)
    radius = radii(rows, columns, axis, pattern.device)
    missing = ~(pattern if axis is None else pattern.any(-3 - axis, keepdim=True).expand_as(pattern))
    first = radius[missing].min() if missing.any() else torch.inf
    y, x = (torch.fft.fftfreq(n, 1 / n, device=pattern.device).abs() > CENTRE for n in (rows, columns))
    outside = (y[:, None] | x) if axis is None else (y[:, None] if axis == -2 else x)
    return pattern & (radius >= first) & outside


def _labels(pattern: Tensor, count: int, share: float, numbers: Tensor) -> Tensor:
    """Return for each sample (y, x) the set that holds it out, -1 for none."""
    axis, able = line_axis(pattern), candidates(pattern)
    rows, columns = pattern.shape
    radius = radii(rows, columns, axis, pattern.device)
    if axis is not None:  # one number for each line
        able, radius = able.any(-3 - axis), radius.amax(-3 - axis)
    flat, labels = able.flatten(), torch.full((able.numel(),), -1, device=pattern.device)
    number = int(flat.sum())
    if number >= count:
        order = torch.where(flat, radius.flatten(), torch.inf).argsort(stable=True)[:number]
        blocks = max(1, round(share * number))
        block = torch.arange(number, device=pattern.device) * blocks // number
        mixed = (block + numbers[order]).argsort(stable=True)  # at random within a block
        place = torch.arange(number, device=pattern.device) - torch.searchsorted(block, block)
        labels[order[mixed]] = torch.where(place < count, place, -1)
    labels = labels.reshape(able.shape)
    if axis is not None:
        labels = labels[:, None] if axis == -2 else labels
    return torch.where(pattern, labels, -1)


def _has_gaps(sampled: Tensor) -> bool:
    """Return whether samples along an axis are missing between others; in FFT order."""
    places = torch.fft.fftshift(sampled).nonzero().flatten()
    return bool(len(places)) and int(places[-1] - places[0]) + 1 > len(places)
