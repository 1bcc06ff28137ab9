"""Films as people look at them: side by side as an animation, a column over time, the error of every frame."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.files.atomic import atomic
from dealias.files.formats import gif, mp4
from dealias.files.greyscale import in_rows, pillow
from dealias.shapes import Image

PAPER, INK = "black", "white"
GAP, TITLE = 4, 14  # pixels between the films of an animation, and above them for their names
MAGNIFICATION = 5  # of errors
ANIMATIONS = {".gif": gif, ".mp4": mp4}


def pictures(start: Path) -> list[Path]:
    """Return what `shown` writes: two animations, without PyAV one, and the profiles over time."""
    endings = [".gif", ".png", *([".mp4"] if find_spec("av") else [])]
    return [start.with_name(start.name + ending) for ending in endings]


@contextmanager
def shown(
    start: Path, films: Mapping[str, Tensor], reference: Image | None = None, *, overwrite: bool = False
) -> Iterator[None]:
    """Write films side by side as animations, and their profiles; they appear when all in the block is done."""
    with atomic(*pictures(start), overwrite=overwrite) as temporary:
        for path in pictures(temporary.with_suffix("")):
            (animation if path.suffix in ANIMATIONS else profiles)(path, films, reference)
        yield


def animation(
    path: str | os.PathLike[str],
    films: Mapping[str, Tensor],
    reference: Image | None = None,
    *,
    milliseconds: int = gif.MILLISECONDS,
    overwrite: bool = False,
) -> None:
    """Write a GIF that loops, or an MP4: the reference and all films side by side, five times their errors below.

    Arguments:
        path: where to; written atomically. It ends in .gif or .mp4.
        films: (time, y, x) by name, in the order that they are shown.
        reference: (time, y, x); its maximum is white. Without one there are no errors, and the last film's is.
        milliseconds: for which a frame is shown.

    Raises:
        UserError: where a film has another shape than the reference, or Pillow or PyAV is missing.
    """
    ending = Path(path).suffix.lower()
    if ending not in ANIMATIONS:
        raise UserError(f"{path}: an animation cannot be of the kind '{ending}'; write .gif or .mp4")
    truth, seen = _checked(films, reference)
    columns = next(iter(seen.values())).shape[-1]
    above = _beside([*([] if truth is None else [truth]), *seen.values()])
    names = torch.cat([_title(name, columns + GAP) for name in (*([] if truth is None else ["reference"]), *seen)], 1)
    if truth is not None:
        errors = _beside([torch.zeros_like(truth), *(MAGNIFICATION * (film - truth).abs() for film in seen.values())])
        above = torch.cat([above, errors], 1)
    grey = above.mul(255).clamp(0, 255).byte()
    notes = {} if truth is None else {"errors": f"times {MAGNIFICATION}"}
    with atomic(path, overwrite=overwrite) as temporary:
        frames = torch.cat([names.expand(len(grey), -1, -1), grey], 1)
        ANIMATIONS[ending].save(temporary, frames, notes, milliseconds)


def profiles(
    path: str | os.PathLike[str],
    films: Mapping[str, Tensor],
    reference: Image | None = None,
    *,
    column: int | None = None,
    overwrite: bool = False,
) -> None:
    """Write a PNG with one column of every film over time, its errors below, and the PSNR of every frame.

    Arguments:
        path: where to; written atomically.
        films: (time, y, x) by name, in the order that they are shown.
        reference: (time, y, x); its maximum is white. Without one there are no errors, and the last film's is.
        column: which; None is the one where the reference changes most.

    Raises:
        UserError: where a film has another shape than the reference, or there is no such column.
    """
    truth, seen = _checked(films, reference)
    judge = [*seen.values()][-1] if truth is None else truth
    columns = judge.shape[-1]
    if column is None:
        column = int(judge.std(0, correction=0).sum(0).argmax())
    if not 0 <= column < columns:
        raise UserError(f"there is no column {column} among {columns}; give 0 to {columns - 1}")
    named = seen if truth is None else {"reference": truth, **seen}
    heights = (2.0,) if truth is None else (2.0, 2.0, 1.4)
    figure = Figure(figsize=(max(2.2 * len(named), 4.4), 1.18 * sum(heights) + 0.03), facecolor=PAPER)
    figure.set_layout_engine("constrained")
    grid = figure.add_gridspec(len(heights), len(named), height_ratios=heights)
    for place, (name, film) in enumerate(named.items()):
        views = [(film[..., column], 1.0, name)]
        if truth is not None and film is not truth:
            views.append(((film - truth)[..., column].abs(), 1 / MAGNIFICATION, f"error x {MAGNIFICATION}"))
        for row, (values, largest, title) in enumerate(views):
            axes = figure.add_subplot(grid[row, place])
            axes.imshow(values.mT.numpy(), cmap="gray" if row == 0 else "inferno", vmin=0, vmax=largest, aspect="auto")
            axes.set_title(title, color=INK, fontsize=9, parse_math=False)
            axes.set_xticks([])
            axes.set_yticks([])
    if truth is not None:
        _curves(figure, grid[2, :], {name: psnr(film, truth) for name, film in seen.items()})
    with atomic(path, overwrite=overwrite) as temporary:
        figure.savefig(temporary, format="png", dpi=120, facecolor=PAPER)


def _curves(figure: Figure, place: Any, scores: Mapping[str, Tensor]) -> None:
    axes = figure.add_subplot(place, facecolor=PAPER)
    for name, score in scores.items():
        axes.plot(score.numpy(), label=name, marker="." if len(score) < 3 else "")
    axes.set_xlabel("frame", color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("PSNR in dB", color=INK)
    axes.tick_params(colors=INK)
    axes.spines[:].set_color(INK)
    axes.legend(fontsize=8, labelcolor=INK, facecolor=PAPER, ncols=len(scores))


def _checked(films: Mapping[str, Tensor], reference: Image | None) -> tuple[Tensor | None, dict[str, Tensor]]:
    """Return the magnitudes (time, y, x) of the reference and all films, slices in rows, at the same scale."""
    if not films or (reference is not None and reference.ndim < 3):
        shape = () if reference is None else tuple(reference.shape)
        raise UserError(f"show one film or more beside a reference (time, y, x), not {shape}; choose one")
    judge = [*films.values()][-1] if reference is None else reference
    for name, film in films.items():
        if film.shape != judge.shape:
            raise UserError(f"{name} has shape {tuple(film.shape)}, the reference {tuple(judge.shape)}; give its own")
    unit = float(judge.detach().abs().max()) or 1.0
    seen = {name: in_rows(film.detach().abs().cpu()) / unit for name, film in films.items()}
    return None if reference is None else in_rows(reference.detach().abs().cpu()) / unit, seen


def _beside(films: Sequence[Tensor]) -> Tensor:
    return torch.cat([torch.nn.functional.pad(film, (0, GAP, 0, GAP)) for film in films], -1)


def _title(name: str, width: int) -> Tensor:
    """Return a strip (TITLE, width) with a name, cut where it is too long."""
    module = pillow()
    from PIL import ImageDraw

    strip = module.new("L", (width, TITLE))
    ImageDraw.Draw(strip).text((1, 1), name, fill=255)
    return torch.from_numpy(np.array(strip))
