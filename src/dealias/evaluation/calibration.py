"""Whether error bars tell the truth: one number per slice, over the last two axes.

An interval of so many per cent is honest where it holds so many per cent of the pixels, useful where it is narrow, and
informed where it is wide at the pixels that are wrong.
"""

import torch
from torch import Tensor

from dealias.shapes import Image

BODY = 0.05  # of the maximum of the true image; what is darker is air
GROUPS = 10
NUMBERS = ("true_rms", "predicted_rms", "coverage", "coverage_body", "half_width", "correlation", "sparsification")
CURVE = tuple(f"{name}_{group}" for name in ("half_width", "error_quantile") for group in range(1, GROUPS + 1))


def judged(image: Image, half_width: Tensor, rms: Tensor, truth: Image, level: float) -> dict[str, Tensor]:
    """Return what `NUMBERS` and `CURVE` name, one number per slice; widths and errors are those of magnitudes.

    The mean half-width, the correlation, the sparsification and the curve are those of the body.

    Arguments:
        image: as it was reconstructed (*batch, y, x).
        half_width: of the interval around its magnitude.
        rms: root mean squared error that is expected of it (*batch), or fewer axes.
        truth: as it is.
        level: which share of the pixels the interval is to hold.
    """
    size = truth.abs()
    error, body = (image.abs() - size).abs().double(), size > BODY * size.amax((-2, -1), keepdim=True)
    width = half_width.double()
    widths, quantiles = reliability(error, width, body, level)
    found = {
        "true_rms": error.square().mean((-2, -1)).sqrt(),
        "predicted_rms": rms.double().expand(error.shape[:-2]),
        "coverage": coverage(error, width, torch.ones_like(body)),
        "coverage_body": coverage(error, width, body),
        "half_width": _mean(width, body),
        "correlation": correlation(error, width, body),
        "sparsification": sparsification(error, width, body),
    }
    curve = torch.cat((widths, quantiles), -1).unbind(-1)
    return found | dict(zip(CURVE, curve, strict=True))


def coverage(error: Tensor, half_width: Tensor, where: Tensor) -> Tensor:
    """Return the share of the pixels `where` whose error is within the half-width (*batch)."""
    return _mean((error <= half_width).double(), where)


def correlation(error: Tensor, half_width: Tensor, where: Tensor) -> Tensor:
    """Return Pearson's correlation of error and half-width over the pixels `where`; zero where one is constant."""
    a, b = (value - _mean(value, where)[..., None, None] for value in (error, half_width))
    size = (_mean(a.square(), where) * _mean(b.square(), where)).sqrt()
    scale = error.abs().amax((-2, -1)) * half_width.abs().amax((-2, -1))
    known = size > 1e-9 * scale  # less is rounding
    return torch.where(known, _mean(a * b, where) / torch.where(known, size, 1), 0)


def sparsification(error: Tensor, half_width: Tensor, where: Tensor) -> Tensor:
    """Return the area under the sparsification curve: 1 where the half-width knows nothing, less where it does.

    The curve is the rms error of what is left, over that of all, while the pixels of the widest intervals are taken
    away first; pixels of one width leave together.

    | Uncertainty Estimates and Multi-hypotheses Networks for Optical Flow (Ilg et al., 2018), section 5.2
    | https://doi.org/10.1007/978-3-030-01234-2_40
    """
    found = [_area(e[w], h[w]) for e, h, w in _slices(error, half_width, where)]
    return torch.stack(found).reshape(error.shape[:-2])


def reliability(error: Tensor, half_width: Tensor, where: Tensor, level: float) -> tuple[Tensor, Tensor]:
    """Return the calibration curve: by groups of pixels from narrow to wide, mean half-width and quantile of the error.

    They are equal (*batch, group) where the intervals are honest at every width, not only in the mean.

    Arguments:
        level: of the quantile, which the intervals are made for.

    | On Calibration of Modern Neural Networks (Guo et al., 2017), section 2: reliability diagrams, here of intervals
    | https://arxiv.org/abs/1706.04599
    """
    pairs = [_curve(e[w], h[w], level) for e, h, w in _slices(error, half_width, where)]
    widths, quantiles = (torch.stack(values) for values in zip(*pairs, strict=True))
    lead = error.shape[:-2]
    return widths.reshape(*lead, GROUPS), quantiles.reshape(*lead, GROUPS)


def _area(error: Tensor, half_width: Tensor) -> Tensor:
    if not error.any():
        return error.new_ones(())
    _, group, count = half_width.neg().unique(return_inverse=True, return_counts=True)
    alike = torch.zeros_like(count, dtype=error.dtype).index_add(0, group, error.square()) / count
    energy = alike[group.sort().values]
    left = energy.flip(0).cumsum(0).flip(0) / torch.arange(len(energy), 0, -1, device=energy.device)
    return (left / left[0]).sqrt().mean()


def _curve(error: Tensor, half_width: Tensor, level: float) -> tuple[Tensor, Tensor]:
    if len(error) < GROUPS:
        return error.new_full((GROUPS,), torch.nan), error.new_full((GROUPS,), torch.nan)
    order = half_width.argsort(stable=True)
    groups = order.tensor_split(GROUPS)
    return (
        torch.stack([half_width[group].mean() for group in groups]),
        torch.stack([error[group].quantile(level) for group in groups]),
    )


def _slices(*values: Tensor) -> "zip[tuple[Tensor, ...]]":
    return zip(*(value.reshape(-1, *value.shape[-2:]) for value in values), strict=True)


def _mean(value: Tensor, where: Tensor) -> Tensor:
    return (value * where).sum((-2, -1)) / where.sum((-2, -1)).clamp_min(1)
