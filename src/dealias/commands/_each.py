"""A file or a folder in, a file or a folder out: what the commands that make files have in common."""

import sys
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from dealias.errors import UserError


def pairs(source: str, target: str, extension: str) -> list[tuple[Path, Path]]:
    """Return each input file with its output; a folder gives OUT/<relative path>.<extension>.

    Raises:
        UserError: where nothing is there, or two inputs would write one output.
    """
    begin, end = Path(source), Path(target)
    if not begin.is_dir():
        return [(begin, end / f"{begin.stem}.{extension}" if end.is_dir() else end)]
    files = sorted(path for path in begin.rglob("*") if path.is_file() and not path.name.startswith("."))
    if not files:
        raise UserError(f"{begin}: the folder is empty; give a folder with measurements")
    if end.is_file():
        raise UserError(f"{end}: is a file, but the input is a folder; give a folder for the output")
    found: dict[Path, Path] = {}
    for path in files:
        goal = end / path.relative_to(begin).with_suffix(f".{extension}")
        if goal in found:
            raise UserError(f"{path} and {found[goal]} would both become {goal}; rename one of them")
        found[goal] = path
    return [(path, goal) for goal, path in found.items()]


def each(
    source: str,
    target: str,
    work: Callable[[Path, Path], None],
    *,
    done: str,
    extension: str = "h5",
    overwrite: bool = False,
) -> None:
    """Do the work for every file; one that fails does not stop the others.

    Arguments:
        work: takes an input path and an output path.
        done: the verb of the last line: "7 of 9 reconstructed, 2 failed: a.h5, b.h5".

    Raises:
        UserError: for the single file's mistake, or at the end for those that failed.
    """
    todo = pairs(source, target, extension)
    if not Path(source).is_dir():
        ((path, goal),) = todo
        if goal.exists() and not overwrite:
            raise UserError(f"{goal}: exists already; give --overwrite to replace it")
        goal.parent.mkdir(parents=True, exist_ok=True)
        work(path, goal)
        return
    failed: list[str] = []
    finished = 0
    for path, goal in tqdm(todo, unit="file", leave=False):
        if goal.exists() and not overwrite:
            tqdm.write(f"dealias: {goal}: exists already, skipped", file=sys.stderr)
            finished += 1
            continue
        try:
            goal.parent.mkdir(parents=True, exist_ok=True)
            work(path, goal)
            finished += 1
        except UserError as error:
            tqdm.write(f"dealias: {error}", file=sys.stderr)
            failed.append(path.name)
    summary = f"{finished} of {len(todo)} {done}"
    if failed:
        raise UserError(f"{summary}, {len(failed)} failed: {', '.join(failed)}")
    print(f"dealias: {summary}", file=sys.stderr)
