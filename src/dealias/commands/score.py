"""Scores of images that anyone made, fastMRI's folders of predictions included."""

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dealias.errors import Note, UserError

if TYPE_CHECKING:
    from torch import Tensor

SHOWN = {"psnr": "PSNR / dB", "ssim": "SSIM", "nmse": "NMSE", "hfen": "HFEN"}
LIKE = 0.05  # relative difference of scale that is left without a word


def run(
    input: str,
    output: str | None = None,
    *,
    against: str,
    range: Literal["slice", "volume"] = "slice",
    fit: bool = False,
    overwrite: bool = False,
) -> None:
    """Score images, whoever made them, against true ones: PSNR, SSIM, NMSE and HFEN of magnitudes.

    Arguments:
        input: images, a file or a folder of files: HDF5 as ours or fastMRI's, .npy, .nii, .mat, ...
        output: a .csv file for the scores of every slice
        against: the true images, or full k-space: a file, or a folder whose files have the same names
        range: slice scores each slice by its own maximum; volume is fastMRI's way, PSNR and NMSE of all
            slices together, the mean SSIM by the maximum of all
        fit: first multiply the images of each file by the number that brings them nearest to the true ones
        overwrite: replace an existing file
    """
    from dealias.evaluation.references import files
    from dealias.files.recognition import namesake

    rows: list[dict[str, str | float]] = []
    failed = []
    todo = files(input)
    for path, name in todo:
        try:
            target = namesake(Path(against), name)
            images, truth = _pair(path, target, fit)
            rows += [{"file": name, **row} for row in _scores(images, truth, range)]
        except UserError as error:
            print(f"dealias: {error}", file=sys.stderr)
            failed.append(name)
    if rows:
        print("\n".join(_table(rows)))
        if output is not None:
            _write(Path(output), rows, overwrite)
    if failed:
        raise UserError(f"{len(todo) - len(failed)} of {len(todo)} scored, {len(failed)} failed: {', '.join(failed)}")


def _pair(path: Path, target: Path, fit: bool) -> "tuple[Tensor, Tensor]":
    """Return the magnitudes (slice, y, x) of images, and of the true ones, as large as those."""
    import warnings

    from dealias.evaluation.references import true_images
    from dealias.files.crop import crop
    from dealias.files.images import stored_images

    truth, images = true_images(target).abs(), stored_images(path).abs()
    truth, images = (value.reshape(-1, *value.shape[-2:]).double() for value in (truth, images))
    images = crop(images, (truth.shape[-2], truth.shape[-1]))
    if images.shape != truth.shape:
        raise UserError(f"{path}: has images {tuple(images.shape)}, {target} {tuple(truth.shape)}; give its own")
    empty = int((~truth.flatten(1).any(1)).sum())
    if empty == len(truth):
        raise UserError(f"{target}: its true images are zero everywhere; give others")
    if empty:
        warnings.warn(Note(f"{target}: {empty} of its {len(truth)} true images are empty, passed over"), stacklevel=2)
    factor = float((images * truth).sum() / images.square().sum()) if bool(images.any()) else 1.0
    if fit:
        return factor * images, truth
    if abs(factor - 1) > LIKE:
        text = f"{path}: the true images are {factor:.3g} times as bright; --fit scores without that"
        warnings.warn(Note(text), stacklevel=2)
    return images, truth


def _scores(images: "Tensor", truth: "Tensor", range: str) -> list[dict[str, float]]:
    """Return the scores of every slice, or in fastMRI's way those of the volume, as one row."""
    from dealias.evaluation import metrics

    if range == "volume":
        flat = (images.flatten(0, -2), truth.flatten(0, -2))
        similar = metrics.ssim(images, truth, data_range=truth.max()).mean()
        found = {"psnr": metrics.psnr(*flat), "ssim": similar, "nmse": metrics.nmse(*flat)}
        return [{"slice": 0, **{name: float(value) for name, value in found.items()}, "hfen": float("nan")}]
    places = truth.flatten(1).any(1).nonzero().flatten()  # of nothing, any image is infinitely far
    scores = {name: getattr(metrics, name)(images[places], truth[places]).tolist() for name in SHOWN}
    return [{"slice": n, **{name: scores[name][row] for name in SHOWN}} for row, n in enumerate(places.tolist())]


def _table(rows: Sequence[Mapping[str, str | float]]) -> list[str]:
    """Return the lines of a table: the means of every file, and of all files."""
    from statistics import mean

    files = list(dict.fromkeys(str(row["file"]) for row in rows))
    width = min(40, max(map(len, [*files, "mean"])))
    lines = [f"{'file':{width}} {'slices':>6}" + "".join(f"{title:>11}" for title in SHOWN.values())]
    means = []
    for file in files:
        group = [row for row in rows if row["file"] == file]
        means.append({name: mean(float(row[name]) for row in group) for name in SHOWN})
        lines.append(_line(file, width, len(group), means[-1]))
    if len(files) > 1:
        lines.append(_line("mean", width, len(rows), {name: mean(one[name] for one in means) for name in SHOWN}))
    return lines


def _line(name: str, width: int, count: int, scores: Mapping[str, float]) -> str:
    digits = {"psnr": ".2f", "ssim": ".4f", "nmse": ".5f", "hfen": ".4f"}
    return f"{name[-width:]:{width}} {count:6}" + "".join(f"{scores[score]:>11{digits[score]}}" for score in SHOWN)


def _write(path: Path, rows: Sequence[Mapping[str, str | float]], overwrite: bool) -> None:
    from dealias.files.atomic import atomic

    with atomic(path, overwrite=overwrite) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["file", "slice", *SHOWN])
        writer.writeheader()
        writer.writerows(rows)
