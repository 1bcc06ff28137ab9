"""A folder of results that lies in its own input says so: they are no input, whatever their format is."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

MARK, LONGEST = ".dealias_results", 4096  # bytes of a path


def mark(folder: Path, source: Path) -> None:
    """Say in a folder of results what folder they are made of, where that holds it; it is made if need be."""
    here, there = folder.resolve(), source.resolve()
    if there in here.parents:
        with suppress(OSError):  # who writes the results says what the disk refuses
            folder.mkdir(parents=True, exist_ok=True)
            (folder / MARK).write_text(f"made of {os.path.relpath(there, here)}\n")


def results_among(paths: Iterable[Path], folder: Path) -> set[Path]:
    """Return the folders, of which the marks are among these paths, whose results are made of what a folder holds."""
    return {path.parent for path in paths if path.name == MARK and _made_of(path, folder)}


def _made_of(path: Path, folder: Path) -> bool:
    try:
        with path.open(errors="replace") as file:
            source = file.read(LONGEST).removeprefix("made of ").strip()
        return (path.parent / source).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # a name that cannot be, links that lead to themselves
        return False
