"""Pictures of reconstructions beside the truth, drawn without a window or matplotlib's global state."""

import os
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from torch import Tensor

from dealias.errors import UserError
from dealias.evaluation.metrics import psnr, ssim
from dealias.files.atomic import atomic
from dealias.shapes import Image

INCHES = 2.4  # the width of a panel
PAPER, INK, FAINT = "black", "white", "#a0a0a0"
MAGNIFICATIONS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def panels(
    path: str | os.PathLike[str],
    images: Mapping[str, Image],
    reference: Image,
    mask: Tensor | None = None,
    *,
    title: str = "",
    magnification: int | None = None,
    overwrite: bool = False,
) -> None:
    """Write a PNG with the reference and every image above, the mask and every error below.

    Magnitudes share one grey scale, black to the maximum of the reference; errors share one colour scale,
    which ends at 1/magnification of it.

    Arguments:
        path: where to; written atomically.
        images: (y, x) by the name that stands above them.
        reference: (y, x).
        mask: centred, (y, x) or with axes of size 1 before it.
        title: a line above everything.
        magnification: of the errors; None chooses one at which the median image's seldom saturate.
        overwrite: whether an existing file may be replaced.

    Raises:
        UserError: where there is no image, or a shape differs from the reference's.
    """
    if not images:
        raise UserError("a figure needs at least one image; give one")
    truth = reference.detach().abs().cpu()
    if truth.ndim != 2:
        raise UserError(f"a figure shows one slice (y, x), not {tuple(truth.shape)}; choose one")
    unit = float(truth.max()) or 1.0
    seen = {name: image.detach().abs().cpu() for name, image in images.items()}
    scores = {name: _score(image, truth) for name, image in seen.items()}
    errors = {name: (image - truth).abs() / unit for name, image in seen.items()}
    factor = magnification or _magnification(list(errors.values()))

    columns = len(images) + 1
    figure, axes = _sheet(columns, truth.shape[0] / truth.shape[1], title)
    _picture(axes(0, 0), truth / unit, "reference", "")
    if mask is not None:
        _picture(axes(1, 0), _plane(mask, truth).float(), "", f"mask, {_acceleration(mask)}")
    for column, name in enumerate(images, start=1):
        _picture(axes(0, column), seen[name] / unit, name, scores[name])
        note = f"error \N{MULTIPLICATION SIGN} {factor}" if column == 1 else ""
        shown = _picture(axes(1, column), errors[name], "", note, colours="inferno", largest=1 / factor)
    bar = figure.colorbar(shown, cax=axes(1, columns, 0.035))
    bar.set_ticks([0, 0.5 / factor, 1 / factor], labels=[f"{100 * t / factor:.3g} %" for t in (0, 0.5, 1)])
    bar.ax.tick_params(colors=FAINT, labelsize=7, length=2)
    bar.outline.set_visible(False)
    with atomic(path, overwrite=overwrite) as temporary:
        figure.savefig(temporary, format="png", dpi=150, facecolor=PAPER)


def _sheet(columns: int, aspect: float, title: str) -> tuple[Figure, Callable[..., Axes]]:
    """Return a black figure of two rows, and a function of row, column and width that adds axes to it."""
    tall = aspect * INCHES
    # inches: a head line, names and scores above the first row, a note above the second
    top, gap, margin, right = (0.75 if title else 0.5), 0.3, 0.1, 0.55
    width, height = columns * (INCHES + margin) + right, 2 * tall + top + gap + margin
    figure = Figure(figsize=(width, height), facecolor=PAPER)
    if title:
        place = ((margin + 0.05) / width, 1 - 0.1 / height)
        figure.text(*place, title, color=INK, fontsize=11, va="top", weight="bold", parse_math=False)

    def axes(row: int, column: int, wide: float = 1.0) -> Axes:
        left, bottom = margin + column * (INCHES + margin), margin + (1 - row) * (tall + gap)
        return figure.add_axes((left / width, bottom / height, wide * INCHES / width, tall / height))

    return figure, axes


def _picture(
    axes: Axes, values: Tensor, name: str, note: str, *, colours: str = "gray", largest: float = 1.0
) -> AxesImage:
    """Show values from 0 to `largest`, a name above on the left and a note beneath it."""
    axes.set_axis_off()
    above: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "parse_math": False}
    axes.annotate(name, (0, 1), (4, 17), color=INK, fontsize=10, **above)
    axes.annotate(note, (0, 1), (4, 5), color=FAINT, fontsize=8, **above)
    return axes.imshow(values.numpy(), cmap=colours, vmin=0, vmax=largest, interpolation="nearest", aspect="auto")


def _score(image: Tensor, truth: Tensor) -> str:
    decibels = f"{psnr(image, truth):.1f} dB"
    return decibels if min(truth.shape) < 7 else f"{decibels}   SSIM {ssim(image, truth):.3f}"


def _magnification(errors: list[Tensor]) -> int:
    """Return the largest round factor at which 99 % of the median image's errors do not saturate."""
    common = [float(error.flatten().kthvalue(max(1, round(0.99 * error.numel()))).values) for error in errors]
    return max((factor for factor in MAGNIFICATIONS if factor * median(common) <= 1), default=1)


def _plane(mask: Tensor, truth: Tensor) -> Tensor:
    plane = mask.detach().cpu().squeeze()
    if plane.ndim > 2 or any(m not in (1, t) for m, t in zip(plane.shape[::-1], truth.shape[::-1], strict=False)):
        raise UserError(f"the mask has shape {tuple(mask.shape)}, the image {tuple(truth.shape)}; give its own")
    return (plane != 0).expand(truth.shape)


def _acceleration(mask: Tensor) -> str:
    sampled = int((mask != 0).sum())
    return f"{mask.numel() / sampled:.3g}\N{MULTIPLICATION SIGN}" if sampled else "empty"
