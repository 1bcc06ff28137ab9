"""The options --film and --reference of `reconstruct`: a film as people look at it, beside what was measured of it."""

import warnings
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dealias.errors import Note, UserError

if TYPE_CHECKING:
    from torch import Tensor

    from dealias.acquisition import Acquisition


@dataclass(frozen=True)
class FilmFigures:
    """The pictures of one film, as far as they can be made before its reconstruction.

    Arguments:
        start: what their names begin with.
        films: magnitudes (..., time, y, x) by name, of what was measured.
        truth: the true film on their scale, where it is known.
        matrix: rows and columns to show.
        overwrite: whether they may replace others.
    """

    start: Path
    films: "dict[str, Tensor]"
    truth: "Tensor | None"
    matrix: tuple[int, int] | None
    overwrite: bool

    @classmethod
    def of(cls, scan: "Acquisition", target: Path, reference: "Tensor | None", overwrite: bool) -> "FilmFigures":
        """Return what is to be shown beside the result `target`: the zero-filled and the view-shared film.

        Coils are combined as the root of their sum of squares.

        Raises:
            UserError: for whatever can be known to be wrong before the work.
        """
        from dealias.evaluation.film_figures import pictures
        from dealias.evaluation.view_sharing import view_shared
        from dealias.files.crop import crop
        from dealias.files.recognition import renamed

        if "time" not in scan.axes or scan.shape[-3] < 2:
            raise UserError("--film shows films, and this is none; leave it out, or name time: --axes 'time coil y x'")
        start, matrix = renamed(target, "_film"), scan.header.matrix
        for path in pictures(start):
            if path.exists() and not overwrite:
                raise UserError(f"{path}: exists already; use --overwrite, or name another file")
        measured = {"zero_filled": scan, "view_sharing": view_shared(scan)}
        films = {name: crop(each.root_sum_of_squares, matrix).cpu() for name, each in measured.items()}
        truth = None if reference is None else _on_scale_of(films["view_sharing"], reference)
        return cls(start, films, truth, matrix, overwrite)

    def beside(self, film: "Tensor", name: str) -> AbstractContextManager[None]:
        """Return what writes the pictures of all films, this one last, around the writing of the result itself."""
        from dealias.evaluation.film_figures import shown
        from dealias.files.crop import crop

        films = {**self.films, name: crop(film.abs(), self.matrix)}
        return shown(self.start, films, self.truth, overwrite=self.overwrite)


def true_film(reference: str, source: str, reading: dict[str, Any]) -> "Tensor":
    """Return the images of the file that --reference names, beside an input that is no folder."""
    from dealias.evaluation.references import whole

    if Path(source).is_dir():
        raise UserError("--reference is one film, and the input a folder; leave it out, or use dealias evaluate")
    return whole(Path(reference), **reading)


def _on_scale_of(film: "Tensor", reference: "Tensor") -> "Tensor":
    """Return the magnitude of the true film with the axes of one like it, and on its scale."""
    truth = reference.abs().to(film)
    if truth.shape[-2:] != film.shape[-2:] or truth.numel() != film.numel():
        raise UserError(f"the reference has shape {tuple(truth.shape)}, the film {tuple(film.shape)}; give its own")
    if not bool(truth.any()):
        raise UserError("the reference is zero everywhere; give the true film")
    truth = truth.reshape(film.shape)
    factor = float((truth * film).sum() / truth.square().sum())
    if 0.5 < factor < 2:
        return truth
    warnings.warn(Note(f"the reference was multiplied by {factor:.3g}, to be on the scale of the film"), stacklevel=2)
    return factor * truth
