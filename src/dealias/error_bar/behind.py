"""Whether a learned method predicts hidden samples worse than wavelets do: then what it learned is of other scans.

    sum_{k in H} |y_k - (A x_w^H)_k|^2 < sum_{k in H} |y_k - (A x^H)_k|^2

by more than the standard error of both and a tenth of the right side: half a decibel is worth another method.

| Cross-validatory choice and assessment of statistical predictions (Stone, 1974), equation 2.4
| https://doi.org/10.1111/j.2517-6161.1974.tb00994.x
"""

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.driver import reconstruct
from dealias.error_bar import usual
from dealias.errors import Note
from dealias.folds import line_axis, radii
from dealias.hidden_samples import errors, gain
from dealias.method import Method
from dealias.methods.stacked import Stacked
from dealias.methods.wavelet import Wavelet

LEAST = 0.1  # of the error that wavelets must save


@dataclass(frozen=True)
class Comparison:
    """What two images of one problem get wrong of each hidden line, or point; zero elsewhere.

    Arguments:
        own: energy of the method's error.
        wavelets: of that of wavelets.
        radius: of the line or point, 1/2 at the edge of an axis.
    """

    own: Tensor
    wavelets: Tensor
    radius: Tensor

    @property
    def saved(self) -> float:
        """The share of the method's error that wavelets save; zero where they save none for sure."""
        return gain(self.own, self.wavelets) / max(float(self.own.sum()), torch.finfo(torch.float64).tiny)


def warning(method: Method, scan: Acquisition, seed: int = 0) -> list[str]:
    """Return in one sentence that a learned method is behind, or worse than it usually is; nothing where it is not."""
    found = compared(method, scan, seed)
    saved = [one.saved for one in found]
    worse = [share for share in saved if share > LEAST]
    if not worse:
        return usual.warning(method, [usual.excess(one.own, one.wavelets, one.radius) for one in found])
    where = f" in {len(worse)} of {len(saved)} slices" if len(saved) > 1 else ""
    name = type(method).__name__
    text = f"{name} predicts hidden samples worse than wavelets{where}, which save {max(worse):.0%} of its error"
    return [f"{text}: it learned from other scans; compare with --method wavelet or stacked"]


def compared(method: Method, scan: Acquisition, seed: int = 0) -> list[Comparison]:
    """Return what a learned method and wavelets get wrong of hidden samples, for each problem.

    It takes the time of one more image of each; none, and nothing is returned, of a method that did not learn, or that
    weighs wavelets itself, and where too few samples can be hidden.

    Arguments:
        seed: of which samples are hidden.
    """
    learned = next(method.parameters(), None) is not None and not isinstance(method, Stacked)
    seen, hidden = scan.folds(1, 0.1, seed)[0] if learned else (scan, scan)
    if not learned or not hidden.mask.any():
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Note)  # whoever made the image has shown them
        own, wavelets = (reconstruct(one, seen) for one in (method, Wavelet()))
    found = []
    for place in np.ndindex(*scan.shape[: -len(scan.axes)]):
        part = hidden[place]
        wrong, other = (errors(part, image[place]) for image in (own, wavelets))
        found.append(Comparison(wrong, other, _radii(part, len(wrong))))
    return found


def _radii(hidden: Acquisition, count: int) -> Tensor:
    """Return the radius of each line, or point, that `hidden_samples.errors` judges."""
    rows, columns = hidden.shape[-2:]
    axis = line_axis(hidden.mask.expand(*hidden.mask.shape[:-2], rows, columns).flatten(0, -3).any(0))
    radius = radii(rows, columns, axis, hidden.kspace.device).double()
    each = radius.flatten() if axis is None else radius.amax(-3 - axis)
    return each.repeat(count // len(each))
