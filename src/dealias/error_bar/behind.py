"""Whether a learned method predicts hidden samples worse than wavelets do: then what it learned is of other scans.

    sum_{k in H} |y_k - (A x_w^H)_k|^2 < sum_{k in H} |y_k - (A x^H)_k|^2, by more than the standard error of both

| Cross-validatory choice and assessment of statistical predictions (Stone, 1974), equation 2.4
| https://doi.org/10.1111/j.2517-6161.1974.tb00994.x
"""

import warnings

import numpy as np
import torch

from dealias.acquisition import Acquisition
from dealias.driver import reconstruct
from dealias.errors import Note
from dealias.hidden_samples import errors, gain
from dealias.method import Method
from dealias.methods.stacked import Stacked
from dealias.methods.wavelet import Wavelet


def warning(method: Method, scan: Acquisition, seed: int = 0) -> list[str]:
    """Return in one sentence that a learned method is behind, nothing where it is not."""
    saved = behind(method, scan, seed)
    worse = [share for share in saved if share > 0]
    if not worse:
        return []
    where = f" in {len(worse)} of {len(saved)} slices" if len(saved) > 1 else ""
    name = type(method).__name__
    text = f"{name} predicts hidden samples worse than wavelets{where}, which save {max(worse):.0%} of its error"
    return [f"{text}: it learned from other scans; compare with --method wavelet or stacked"]


def behind(method: Method, scan: Acquisition, seed: int = 0) -> list[float]:
    """Return of each problem the share of the method's error that wavelets save; zero where they save none for sure.

    It takes the time of one more image of each; none of a method that did not learn, or that weighs wavelets itself.

    Arguments:
        seed: of which samples are hidden.
    """
    places = list(np.ndindex(*scan.shape[: -len(scan.axes)]))
    learned = next(method.parameters(), None) is not None and not isinstance(method, Stacked)
    seen, hidden = scan.folds(1, 0.1, seed)[0] if learned else (scan, scan)
    if not learned or not hidden.mask.any():
        return [0.0] * len(places)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Note)  # whoever made the image has shown them
        own, wavelets = (reconstruct(one, seen) for one in (method, Wavelet()))
    found = []
    for place in places:
        wrong, other = (errors(hidden[place], image[place]) for image in (own, wavelets))
        found.append(gain(wrong, other) / max(float(wrong.sum()), torch.finfo(torch.float64).tiny))
    return found
