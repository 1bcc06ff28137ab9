"""Methods side by side on many images: a table of every score, box plots, means."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from inspect import signature
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, Literal

from tqdm import tqdm

from dealias.commands._files import prefixed_notes
from dealias.commands._provenance import making
from dealias.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from dealias.evaluation.compare import Key, Protocol, Row
    from dealias.evaluation.journal import Journal
    from dealias.evaluation.references import Reference
    from dealias.method import Method

    Read = Callable[[Path, str], Iterator[Reference]]

FIXED = (
    *("input", "key", "axes", "mask_arguments", "noise", "coils", "range", "maps", "precision", "seed"),
    *("uncertainty", "folds"),
)


def run(
    input: str,
    output: str,
    *,
    methods: str = "zero_filled,wavelet,rim",
    accelerations: str = "2,3,4,5",
    mask: str = "gaussian",
    mask_arguments: dict[str, Any] | None = None,
    patterns: int = 10,
    noise: float = 0.001,
    coils: int = 1,
    range: Literal["slice", "volume"] = "slice",
    maps: str = "auto",
    device: str = "cpu",
    precision: Literal["float32", "bfloat16", "float64"] = "float32",
    uncertainty: bool = False,
    folds: int = 2,
    panel: bool = False,
    film: bool = False,
    key: str | None = None,
    axes: str | None = None,
    seed: int = 0,
) -> None:
    """Compare methods on images, or on fully sampled scans, and go on where a comparison in the same folder stopped.

    Arguments:
        input: images or fully sampled k-space, a file or a folder of files
        output: the folder for scores.csv, summary.md and a box plot per acceleration
        methods: names, .safetensors files, dotted paths of classes; with settings wavelet:iterations=9; commas between
        accelerations: one sample in so many is measured, with commas between
        mask: the pattern; `dealias methods` lists them
        mask_arguments: an argument of the pattern, such as --mask.centre 0.04; `dealias methods` lists them
        patterns: how many for each image and acceleration
        noise: standard deviation of simulated noise in each part, as a fraction of the largest magnitude
        coils: how many to simulate for images; measured scans have theirs
        range: PSNR and SSIM refer to the maximum of each slice, or as fastMRI's to that of the volume
        maps: of measured coils: auto (ESPIRiT's from all samples), none, a file, or a folder of files
        device: cpu, cuda, or cuda:1
        precision: of the arithmetic; bfloat16 concerns networks only
        uncertainty: score error bars too, by the truth that they do not see: coverage, width, calibration curve
        folds: how many sets of samples are held out for them; each takes as long as an image
        panel: show the first image by all methods, and their errors: a .png for each acceleration
        film: show the first film by all methods: .gif, with PyAV .mp4, and .png of profiles and each frame's PSNR
        key: the dataset that holds the k-space, where a file has several
        axes: names of the axes, where the shape alone cannot tell; "time y x" makes one film of a file's images
        seed: of everything random
    """
    settings = locals()
    from dealias.commands._coils import named_maps
    from dealias.evaluation.compare import Protocol
    from dealias.evaluation.references import files

    chosen = _loaded(methods, device, seed)
    protocol = Protocol(_numbers(accelerations), mask, mask_arguments or {}, patterns, noise, coils, range, seed)
    read = partial(_references, maps=named_maps(maps), key=key, axes=axes, volume=range == "volume")
    _compare(files(input), _folder(output, Path(input)), chosen, protocol, read, settings)


def _compare(
    todo: list[tuple[Path, str]],
    folder: Path,
    methods: "dict[str, Method]",
    protocol: "Protocol",
    read: "Read",
    options: dict[str, Any],
) -> None:
    """Add to the table of a folder what is missing, and report what it holds.

    Arguments:
        options: those of `run`.
    """
    from dealias.evaluation.calibration import CURVE, NUMBERS
    from dealias.evaluation.compare import COLUMNS, compare, images, text
    from dealias.evaluation.journal import Journal

    how = {name: options[name] for name in ("device", "precision")}
    folds = options["folds"] if options["uncertainty"] else 0
    with Journal(folder / "scores.csv", (*COLUMNS, *(NUMBERS + CURVE if folds else ())), text) as journal:
        done = _done(journal, options, methods)
        scores = partial(compare, methods, protocol=protocol, done=done, folds=folds, **how)
        if options["film"] or options["panel"]:
            _show(folder, _first(todo, read, options["film"]), protocol, partial(images, methods, **how))
        _report(folder, journal, len(todo), _each(todo, partial(_score, journal, read, scores)))


def _references(path: Path, name: str, maps: Any, **options: Any) -> "Iterator[Reference]":
    """Return the images of a file, with the coil maps that are its own."""
    from dealias.commands._coils import maps_of
    from dealias.evaluation.references import references

    return references(path, name, maps=maps_of(maps, name), **options)


def _score(
    journal: "Journal", read: "Read", scores: "Callable[[Reference], Iterator[Row]]", path: Path, name: str
) -> None:
    """Add the scores of all images of a file to the table."""
    for reference in read(path, name):
        for row in scores(reference):
            journal.add(row)


def _done(journal: "Journal", options: dict[str, Any], methods: "dict[str, Method]") -> "set[Key]":
    """Return what tells each row that is there from all others, once it is sure that they were made likewise."""
    from dealias.evaluation.compare import key_of
    from dealias.evaluation.journal import remember

    settings = {name: options[name] for name in signature(run).parameters if name not in ("film", "panel")}
    source = Path(options["input"])
    settings |= {"input": str(source.resolve()), "methods": _weights(methods), **making(source)}
    remember(journal.path.with_name("settings.json"), settings, FIXED if journal.rows else (), growing="methods")
    if journal.rows:
        print(f"dealias: {journal.path}: {len(journal.rows)} rows are there, which stay", file=sys.stderr)
    return {key_of(row) for row in journal.rows}


def _first(todo: list[tuple[Path, str]], read: "Read", film: bool) -> "Reference":
    """Return the first image, or film, that a file holds; what cannot be read is complained of later."""
    for path, name in todo:
        with suppress(UserError):
            reference = next(read(path, name), None)
            if reference is not None and (reference.image.ndim > 2) >= film:
                return reference
    if not film:
        raise UserError("--panel shows images, and the input holds none; leave it out")
    raise UserError("--film shows films, and the input holds none; leave it out, or name time: --axes 'time y x'")


def _show(folder: Path, reference: "Reference", protocol: "Protocol", draw: "Callable[..., dict[str, Tensor]]") -> None:
    """Write the first pattern of every acceleration as all methods reconstruct it: a panel, or a film's animations."""
    from dealias.evaluation.compare import measured
    from dealias.evaluation.figures import panels
    from dealias.evaluation.film_figures import shown

    for acceleration in tqdm(protocol.accelerations, unit="picture", leave=False, disable=None):
        drawn = draw(reference, protocol, acceleration)
        name = f"{protocol.mask}_{acceleration:.7g}x"
        if reference.image.ndim > 2:
            with shown(folder / f"{name}_film", drawn, reference.image, overwrite=True):
                continue
        mask = measured(reference, protocol, acceleration, 0).centred_mask.expand(1, *reference.image.shape)
        title = f"{reference.file}, slice {reference.slice}, {acceleration:g}x"
        panels(folder / f"{name}_panel.png", drawn, reference.image, mask, title=title, overwrite=True)


def _each(todo: list[tuple[Path, str]], work: Callable[[Path, str], None]) -> list[str]:
    """Do the work for every file, and return the names of those that failed."""
    from dealias import allocator

    failed = []
    for path, name in tqdm(todo, unit="file", leave=False, disable=None):
        try:
            with prefixed_notes(str(path)), allocator.explain_out_of_memory(str(path)):
                work(path, name)
        except UserError as error:
            tqdm.write(f"dealias: {error}", file=sys.stderr)
            failed.append(name)
    return failed


def _loaded(names: str, device: str, seed: int) -> "dict[str, Method]":
    """Return the methods by name; where a name ends in a file of weights, the path is the name."""
    from dealias.cards import load_written

    found = {}
    for name in (part.strip() for part in names.split(",")):
        if not name:
            raise UserError("--methods has a comma too many; name methods such as zero_filled,wavelet,rim")
        if name in found:
            raise UserError(f"--methods names '{name}' twice; name each once, such as zero_filled,wavelet,rim")
        found[name] = load_written(name, device=device, seed=seed)
    return found


def _numbers(values: str) -> tuple[float, ...]:
    try:
        return tuple(dict.fromkeys(float(value) for value in values.split(",")))
    except ValueError:
        raise UserError(f"--accelerations cannot be '{values}'; give numbers such as 2,3,4,5") from None


def _folder(output: str, source: Path) -> Path:
    """Return the folder for the results, which is there then and no input of what comes later."""
    from dealias.files.atomic import refusal, sweep
    from dealias.files.results import mark

    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is a file; give a folder for the results")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: {refusal(error)}") from None
    sweep(folder)
    mark(folder, source)
    return folder


def _weights(methods: "dict[str, Method]") -> dict[str, str]:
    """Return what tells each method from others of its name."""
    from dealias.cards import fingerprint

    return {name: fingerprint(method) for name, method in methods.items()}


def _report(folder: Path, journal: "Journal", count: int, failed: list[str]) -> None:
    """Print the means and write them, and draw the boxes, of all rows that the table holds; complain of failures."""
    from dealias.evaluation import trust
    from dealias.evaluation.report import boxes, by_acceleration, summary
    from dealias.files.atomic import atomic

    if journal.rows:
        bars = trust.summary(journal.rows)
        lines = [*summary(journal.rows), *bars]
        short = [*summary(journal.rows, get_terminal_size().columns), *bars]
        print("\n".join(short if sys.stdout.isatty() else lines))
        with atomic(folder / "summary.md", overwrite=True) as temporary:
            temporary.write_text("\n".join([*lines, ""]), encoding="utf-8")
        for (mask, acceleration), rows in by_acceleration(journal.rows).items():
            boxes(folder / f"{mask}_{acceleration}x.png", rows, overwrite=True)
            if bars:
                trust.curves(folder / f"{mask}_{acceleration}x_calibration.png", rows, overwrite=True)
        print(f"\nEvery score is in {journal.path}; the means and box plots are beside it")
    if failed:
        raise UserError(f"{count - len(failed)} of {count} compared, {len(failed)} failed: {', '.join(failed)}")
