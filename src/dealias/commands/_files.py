"""A file or a folder in, a file or a folder out: what the commands that make files have in common."""

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from dealias import allocator
from dealias.commands._provenance import difference, is_image_of_ours
from dealias.errors import Note, Unexpected, UserError, suggest

Work = Callable[[Path, Path], None]


def pairs(source: str, target: str, extension: str) -> list[tuple[Path, Path]]:
    """Return each input file with its output; a folder gives OUT/<relative path>.<extension>, a pair of BART's a pair.

    Raises:
        UserError: where nothing is there, two inputs would write one output, or one would write over an input.
    """
    from dealias.files.recognition import about, check_exists, extension_of, files_below, main_part, renamed, written
    from dealias.files.results import MARK, results_among

    begin, end = Path(source), Path(target)
    with about(begin):
        begin = check_exists(begin)
    if not begin.is_dir():
        into = os.path.isdir(end) or target.endswith("/")
        begin = main_part(begin)
        if not into and not end.suffix and begin.suffix == ".cfl":  # BART's tools name pairs without it
            end = end.with_name(f"{end.name}.cfl")
        return _safe({end / renamed(begin, f".{extension}").name if into else end: begin})
    if end.is_file():
        raise UserError(f"{end}: is a file, but the input is a folder; give a folder for the output")
    if not target.endswith("/") and not end.exists() and extension_of(end)[1:] in written(extension):
        text = f"{end}: is the name of a file, but the input is a folder"
        raise UserError(f"{text}; give a folder for the output, or {end}/ if you mean one")
    inside = end.resolve() if end.resolve() != begin.resolve() else None  # earlier results are no input
    for folder in sorted(results_among(begin.rglob(MARK), begin)):
        if folder.resolve() != inside:
            _tell(f"{folder}: holds results of what is in {begin}, passed over")
    files = [path for path in files_below(begin) if inside is None or inside not in path.resolve().parents]
    if not files:
        raise UserError(f"{begin}: holds no file of a known format; give a folder with measurements")
    found: dict[Path, Path] = {}
    for path in files:
        goal = end / renamed(path.relative_to(begin), f".{extension}")
        if goal in found:
            raise UserError(f"{found[goal]} and {path} would both become {goal}; rename one of them")
        found[goal] = path
    return _safe(found)


def _safe(found: dict[Path, Path]) -> list[tuple[Path, Path]]:
    sources = {path.resolve() for path in found.values()}
    for goal in found:
        if goal.resolve() in sources:
            raise UserError(f"{goal}: is one of the inputs, which would be lost; choose another output")
    return [(path, goal) for goal, path in found.items()]


def each(
    source: str,
    target: str,
    work: Work,
    done: str,
    format: str,
    settings: Mapping[str, Any],
    *,
    kspace: bool = False,
    overwrite: bool = False,
) -> None:
    """Do the work for every file; one that fails does not stop the others.

    What a killed run left unfinished is removed; a result that was made likewise, or that another process finishes
    meanwhile, counts as skipped.

    Arguments:
        work: takes an input path and an output path.
        done: the verb of the last line: "7 of 9 reconstructed, 2 failed: a.h5, b.h5".
        format: the extension of what a folder gives.
        settings: all that decides a result, as `provenance` says it.
        kspace: whether outputs hold k-space or maps, which fewer formats can.

    Raises:
        UserError: for the single file's mistake, or at the end for those that failed.
        Unexpected: at the end, where one failed and no user can mend it.
    """
    from dealias.files.atomic import sweep
    from dealias.files.recognition import written
    from dealias.files.results import mark

    todo = pairs(source, target, format)
    begin = Path(source)
    if not begin.is_dir():
        _one(*todo[0], work, written(format, kspace=kspace), overwrite)
        return
    sweep(Path(target), deep=True)
    mark(Path(target), begin)
    found: dict[str, list[str]] = {"done": [], "skipped": [], "failed": [], "unexpected": []}
    with tqdm(todo, unit="file", leave=False, disable=None) as bar:
        for path, goal in bar:
            name = str(path.relative_to(begin))
            bar.set_postfix_str(name)
            found[_of_many(path, goal, work, settings, overwrite)].append(name)
    failed = sorted(found["failed"] + found["unexpected"])
    summary = f"{len(found['done'])} of {len(todo)} {done}"
    summary += f", {len(found['skipped'])} skipped" if found["skipped"] else ""
    if failed:
        complaint = Unexpected if found["unexpected"] else UserError
        raise complaint(f"{summary}, {len(failed)} failed: {', '.join(failed)}")
    print(f"dealias: {summary}", file=sys.stderr)


def _of_many(path: Path, goal: Path, work: Work, settings: Mapping[str, Any], overwrite: bool) -> str:
    """Do the work for one file of many, and return what became of it: done, skipped, failed, or unexpected."""
    from dealias.files.atomic import check_target

    there = os.path.exists(goal) and not overwrite  # False also for names that the system does not take
    try:
        other = difference(goal, path, settings) if there else None
        if other:
            raise UserError(f"{goal}: exists already and {other}; --overwrite replaces it")
        if there:
            _tell(f"{goal}: exists already, skipped")
            return "skipped"
        folder_for(goal)
        check_target(goal, overwrite)
        with prefixed_notes(str(path)), allocator.explain_out_of_memory(str(path)):
            work(path, goal)
    except UserError as error:
        if os.path.exists(goal) and not there and not overwrite:
            _tell(f"{goal}: another process finished it, skipped")
            return "skipped"
        if is_image_of_ours(path):
            _tell(f"{path}: is an image that dealias made, passed over")
            return "skipped"
        text = str(error)
        _tell(text if text.startswith((f"{path}: ", f"{goal}: ", f"{goal.parent}")) else f"{path}: {text}")
        return "failed"
    except Exception as error:  # whatever it is, the others are done
        text = " ".join(str(error).split())[:200]
        _tell(f"{path}: {type(error).__name__}: {text} (a fault of dealias; the file alone shows where)")
        return "unexpected"
    return "done"


def _tell(text: str) -> None:
    tqdm.write(f"dealias: {text}", file=sys.stderr)


def _one(path: Path, goal: Path, work: Work, extensions: Sequence[str], overwrite: bool) -> None:
    """Do the work for one file, whose output has a name of its own."""
    from dealias.files.atomic import check_target, sweep
    from dealias.files.recognition import extension_of

    kind = extension_of(goal)
    if not kind:
        raise UserError(f"{goal}: has no extension, which names its format; write {goal.name}.{extensions[0]}")
    if kind.removeprefix(".") not in extensions:
        raise UserError(f"{goal}: cannot be of the kind '{kind}'{suggest(kind, [f'.{n}' for n in extensions])}")
    if os.path.exists(goal) and not overwrite:
        raise UserError(f"{goal}: exists already; give --overwrite to replace it")
    if goal.parent.exists():
        check_target(goal, overwrite)
    sweep(goal.parent)
    with allocator.explain_out_of_memory(str(path)):
        work(path, goal)


@contextmanager
def prefixed_notes(name: str) -> Iterator[None]:
    """Put a name before every note that does not begin with it."""
    usual = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *rest: Any, **others: Any) -> None:
        if issubclass(category, Note) and not str(message).startswith(name):
            message = Note(f"{name}: {message}")
        usual(message, category, *rest, **others)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = usual


def folder_for(path: Path) -> None:
    """Make the folder of an output, early: before minutes of work that could not be written.

    Raises:
        UserError: where the disk refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: its folder cannot be made ({error.strerror}); choose another output") from None
