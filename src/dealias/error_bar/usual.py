"""Whether a learned method is worse in some band of k-space than on scans such as it learned from.

    d_b = 10 log10 sum_{k in H, b} |y_k - (A x^H)_k|^2 / sum_{k in H, b} |y_k - (A x_w^H)_k|^2 > m_b + 3 s_b + 1/2

Wavelets, whose image x_w is, learned from nothing: how hard a scan is counts for both. m_b and s_b are mean and
standard deviation of d_b over scans of what it learned from, which its card tells; `benchmarks/usual_errors.py` records
them.

| Residual analysis (Cox and Snell, 1968): what a model leaves is to look as it did where the model was made
| https://doi.org/10.1111/j.2517-6161.1968.tb00724.x
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from dealias.method import Method

EDGES = (0.0, 0.1, 0.2, math.inf)  # of bands of radius, 1/2 at the edge of an axis
NAMES = ("low", "middle", "high")
LIMIT, MARGIN = 3.0, 0.5  # deviations, and decibels, which are worth another method
FEW = 5  # scans, of which nothing can be said


def excess(own: Tensor, wavelets: Tensor, radius: Tensor) -> list[float]:
    """Return d of each band in decibels, NaN where nothing was hidden.

    Arguments:
        own: energy of the method's error at each hidden line or point.
        wavelets: of that of wavelets.
        radius: of the line or point.
    """
    found = []
    for first, last in zip(EDGES[:-1], EDGES[1:], strict=True):
        inside = (radius >= first) & (radius < last)
        a, b = (float(energy[inside].sum()) for energy in (own, wavelets))
        found.append(10 * math.log10(a / b) if a > 0 and b > 0 else math.nan)
    return found


def record(excesses: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return mean and standard deviation of each band over scans, for a card; of few scans, none."""
    values = torch.tensor(excesses, dtype=torch.float64).reshape(-1, len(NAMES))
    known = [band[band.isfinite()] for band in values.T]
    if min(len(band) for band in known) < FEW:
        return []
    return [[round(float(band.mean()), 2), round(float(band.std()), 2)] for band in known]


def warning(method: Method, excesses: Sequence[Sequence[float]]) -> list[str]:
    """Return in one sentence that a method is worse than usual, nothing where it is not, or where nobody recorded it.

    Arguments:
        excesses: what `excess` found, for each slice.
    """
    far = [beyond(method, one) for one in excesses]
    worst = max(far, key=max, default=())
    if not worst or max(worst) <= 0:
        return []
    count = sum(max(one) > 0 for one in far)
    where = f" in {count} of {len(far)} slices" if len(far) > 1 else ""
    band = NAMES[worst.index(max(worst))]
    text = f"{type(method).__name__} is, against wavelets, farther off at {band} frequencies than on scans such as it"
    return [f"{text} learned from{where}; compare with --method stacked"]


def beyond(method: Method, found: Sequence[float]) -> list[float]:
    """Return by how many decibels each band is above its limit, -inf where that is not known."""
    if len(method.usual_errors) != len(NAMES):
        return [-math.inf] * len(NAMES)
    limits = [mean + LIMIT * deviation + MARGIN for mean, deviation in method.usual_errors]
    return [value - limit if math.isfinite(value) else -math.inf for value, limit in zip(found, limits, strict=True)]
