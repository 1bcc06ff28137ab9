"""Whether a learned method predicts hidden samples worse than wavelets do: then what it learned is of other scans.

    sum_{k in H} |y_k - (A x_w^H)_k|^2 < sum_{k in H} |y_k - (A x^H)_k|^2, by more than the standard error of both

| Cross-validatory choice and assessment of statistical predictions (Stone, 1974), equation 2.4
| https://doi.org/10.1111/j.2517-6161.1974.tb00994.x
"""

from itertools import product

from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.driver import reconstruct
from dealias.hidden_samples import errors, gain
from dealias.method import Method
from dealias.methods.wavelet import Wavelet

LEAST = 0.0  # of a method's error, that wavelets must save


def warning(method: Method, seen: Acquisition, hidden: Acquisition, part: Tensor) -> list[str]:
    """Return in one sentence that a learned method is behind, nothing where it is not.

    Arguments:
        seen: most samples of a scan.
        hidden: the others.
        part: what the method made of most samples.
    """
    saved = behind(method, seen, hidden, part)
    worse = [share for share in saved if share > LEAST]
    if not worse:
        return []
    where = f" in {len(worse)} of {len(saved)} slices" if len(saved) > 1 else ""
    name = type(method).__name__
    text = f"{name} predicts hidden samples worse than wavelets{where}, which save {max(worse):.0%} of its error"
    return [f"{text}: it learned from other scans; compare with --method wavelet or stacked"]


def behind(method: Method, seen: Acquisition, hidden: Acquisition, part: Tensor) -> list[float]:
    """Return of each problem the share of the method's error that wavelets save; zero where they save none for sure."""
    lead = hidden.shape[: -len(hidden.axes)]
    places = list(product(*(range(n) for n in lead)))
    if next(method.parameters(), None) is None or not hidden.mask.any():
        return [0.0] * len(places)
    wavelets = reconstruct(Wavelet(), seen)
    found = []
    for place in places:
        own, other = (errors(hidden[place], image[place]) for image in (part, wavelets))
        found.append(gain(own, other) / float(own.sum()) if own.any() else 0.0)
    return found
