"""The options --film and --reference of `reconstruct`: a film as people look at it, beside what was measured of it."""

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from dealias.errors import Note, UserError

if TYPE_CHECKING:
    from torch import Tensor

    from dealias.acquisition import Acquisition

Show = Callable[["Tensor"], AbstractContextManager[None]]


def exhibitions(
    method: str, film: bool, reference: str | None, source: Path, read: "Callable[..., Acquisition]", overwrite: bool
) -> "Callable[[Path, Acquisition], Show]":
    """Return what makes, of an output and its acquisition, what shows the film around the writing of that output.

    Raises:
        UserError: where the reference cannot be read, or is one and the input a folder.
    """
    from dealias.evaluation.references import whole

    if not film and reference is None:
        return lambda target, acquisition: lambda image: nullcontext()
    if reference is not None and source.is_dir():
        raise UserError("--reference is one film, and the input a folder; leave it out, or use dealias evaluate")
    truth = None if reference is None else whole(Path(reference), read)
    return lambda target, acquisition: _exhibition(target, acquisition, method, truth, overwrite)


def _exhibition(
    target: Path, acquisition: "Acquisition", method: str, reference: "Tensor | None", overwrite: bool
) -> Show:
    """Return what shows a film (..., time, y, x) that a method made of an acquisition; its block writes the result.

    Beside it are shown the zero-filled and the view-shared film, coils as the root of their sum of squares, and the
    errors of all where the truth is known.

    Raises:
        UserError: for whatever can be known to be wrong before the work.
    """
    from dealias.evaluation.film_figures import pictures, shown
    from dealias.evaluation.view_sharing import view_shared
    from dealias.files.crop import crop
    from dealias.files.recognition import renamed

    if "time" not in acquisition.axes or acquisition.shape[-3] < 2:
        raise UserError("--film shows films, and this is none; leave it out, or name time: --axes 'time coil y x'")
    start = renamed(target, "_film")
    for path in pictures(start):
        if path.exists() and not overwrite:
            raise UserError(f"{path}: exists already; use --overwrite, or name another file")
    measured = {"zero_filled": acquisition, "view_sharing": view_shared(acquisition)}
    matrix = acquisition.header.matrix
    films = {name: crop(scan.root_sum_of_squares, matrix).cpu() for name, scan in measured.items()}
    truth = None if reference is None else _truth(reference, films["view_sharing"])

    def show(film: "Tensor") -> AbstractContextManager[None]:
        return shown(start, {**films, _short(method): crop(film.abs(), matrix)}, truth, overwrite=overwrite)

    return show


def _truth(reference: "Tensor", like: "Tensor") -> "Tensor":
    """Return the magnitude of the true film with the axes of one like it, and on its scale."""
    truth = reference.abs().to(like)
    if truth.shape[-2:] != like.shape[-2:] or truth.numel() != like.numel():
        raise UserError(f"the reference has shape {tuple(truth.shape)}, the film {tuple(like.shape)}; give its own")
    if not bool(truth.any()):
        raise UserError("the reference is zero everywhere; give the true film")
    truth = truth.reshape(like.shape)
    factor = float((truth * like).sum() / truth.square().sum())
    if 0.5 < factor < 2:
        return truth
    warnings.warn(Note(f"the reference was multiplied by {factor:.3g}, to be on the scale of the film"), stacklevel=2)
    return factor * truth


def _short(method: str) -> str:
    """Return what to call a method: itself, a file without its folder, a class without its module."""
    return Path(method).stem if method.endswith((".safetensors", ".pth")) else method.rpartition(".")[2]
