"""Films beside the truth: an animation, a column over time, the error of every frame."""

import os
from collections.abc import Mapping

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.files.atomic import atomic
from dealias.files.gif import MILLISECONDS, save
from dealias.files.grey import pillow
from dealias.shapes import Image

PAPER, INK = "black", "white"
GAP, TITLE = 4, 14  # pixels between the films of an animation, and above them for their names
MAGNIFICATION = 5  # of errors


def animation(
    path: str | os.PathLike[str],
    films: Mapping[str, Tensor],
    reference: Image,
    *,
    milliseconds: int = MILLISECONDS,
    overwrite: bool = False,
) -> None:
    """Write a GIF that loops: the reference and all films side by side, five times their errors below.

    Arguments:
        path: where to; written atomically.
        films: (time, y, x) by name, in the order that they are shown.
        reference: (time, y, x); its maximum is white.
        milliseconds: for which a frame is shown.

    Raises:
        UserError: where a film has another shape than the reference, or Pillow is missing.
    """
    truth, seen = _checked(films, reference)
    above = _beside([truth, *seen.values()])
    below = _beside([torch.zeros_like(truth), *(MAGNIFICATION * (film - truth).abs() for film in seen.values())])
    grey = torch.cat([above, below], 1).mul(255).clamp(0, 255).byte()
    names = torch.cat([_title(name, truth.shape[-1] + GAP) for name in ("reference", *seen)], 1)
    with atomic(path, overwrite=overwrite) as temporary:
        frames = torch.cat([names.expand(len(grey), -1, -1), grey], 1)
        save(temporary, frames, {"errors": f"times {MAGNIFICATION}"}, milliseconds)


def profiles(
    path: str | os.PathLike[str],
    films: Mapping[str, Tensor],
    reference: Image,
    *,
    column: int | None = None,
    overwrite: bool = False,
) -> None:
    """Write a PNG with one column of every film over time, its errors below, and the PSNR of every frame.

    Arguments:
        path: where to; written atomically.
        films: (time, y, x) by name, in the order that they are shown.
        reference: (time, y, x); its maximum is white.
        column: which; None is the one where the reference changes most.

    Raises:
        UserError: where a film has another shape than the reference, or there is no such column.
    """
    truth, seen = _checked(films, reference)
    columns = truth.shape[-1]
    if column is None:
        column = int(truth.std(0, correction=0).sum(0).argmax())
    if not 0 <= column < columns:
        raise UserError(f"there is no column {column} among {columns}; give 0 to {columns - 1}")
    number = len(seen) + 1
    figure = Figure(figsize=(2.2 * number, 6.4), facecolor=PAPER, layout="constrained")
    grid = figure.add_gridspec(3, number, height_ratios=(2, 2, 1.4))
    for place, (name, film) in enumerate({"reference": truth, **seen}.items()):
        pictures = [(film[..., column], 1.0, name)]
        if place:
            pictures.append(((film - truth)[..., column].abs(), 1 / MAGNIFICATION, f"error x {MAGNIFICATION}"))
        for row, (values, largest, title) in enumerate(pictures):
            axes = figure.add_subplot(grid[row, place])
            axes.imshow(values.mT.numpy(), cmap="gray" if row == 0 else "inferno", vmin=0, vmax=largest, aspect="auto")
            axes.set_title(title, color=INK, fontsize=9, parse_math=False)
            axes.set_xticks([])
            axes.set_yticks([])
    curves = figure.add_subplot(grid[2, :], facecolor=PAPER)
    for name, film in seen.items():
        curves.plot(psnr(film, truth).numpy(), label=name)
    curves.set_xlabel("frame", color=INK)
    curves.set_ylabel("PSNR in dB", color=INK)
    curves.tick_params(colors=INK)
    curves.spines[:].set_color(INK)
    curves.legend(fontsize=8, labelcolor=INK, facecolor=PAPER, ncols=len(seen))
    with atomic(path, overwrite=overwrite) as temporary:
        figure.savefig(temporary, format="png", dpi=120, facecolor=PAPER)


def _checked(films: Mapping[str, Tensor], reference: Image) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the magnitudes of the reference and of all films in units of the reference's maximum."""
    truth = reference.detach().abs().cpu()
    if not films or truth.ndim != 3:
        raise UserError(f"show one film or more beside a reference (time, y, x), not {tuple(truth.shape)}; choose one")
    for name, film in films.items():
        if film.shape != truth.shape:
            raise UserError(f"{name} has shape {tuple(film.shape)}, the reference {tuple(truth.shape)}; give its own")
    unit = float(truth.max()) or 1.0
    return truth / unit, {name: film.detach().abs().cpu() / unit for name, film in films.items()}


def _beside(films: list[Tensor]) -> Tensor:
    return torch.cat([torch.nn.functional.pad(film, (0, GAP, 0, GAP)) for film in films], -1)


def _title(name: str, width: int) -> Tensor:
    """Return a strip (TITLE, width) with a name, cut where it is too long."""
    module = pillow()
    from PIL import ImageDraw

    strip = module.new("L", (width, TITLE))
    ImageDraw.Draw(strip).text((1, 1), name, fill=255)
    return torch.from_numpy(np.array(strip))
