"""A table that grows row by row on the disk, survives being killed, and belongs to one process at a time."""

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dealias.errors import UserError
from dealias.files.atomic import atomic, refusal


class Journal:
    """A CSV file with a header line, opened by `with`; each row is on the disk when `add` returns.

    Arguments:
        columns: names, in the order of the file.
        text: makes a cell of a value.
        rows: all that the file holds, as text.
    """

    def __init__(self, path: Path, columns: Iterable[str], text: Callable[[object], str] = str) -> None:
        self.path, self.columns, self.text = path, tuple(columns), text
        self.rows: list[dict[str, str]] = []
        self.file: io.FileIO | None = None

    def __enter__(self) -> "Journal":
        """Take the file for this process, and read its rows; what a killed process left of a row is cut off.

        Raises:
            UserError: where another process has it, the disk refuses, or it is another table.
        """
        try:
            with self._on_disk():
                self.file = io.FileIO(self.path, "a+")
                if not _locked(self.file):
                    raise UserError(f"{self.path}: another process is writing to it; wait, or choose another folder")
                self._read()
        except UserError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.file is not None:
            self.file.close()

    def _read(self) -> None:
        assert self.file is not None
        self.file.seek(0)
        held = self.file.read() or b""
        whole = held[: held.rfind(b"\n") + 1]
        if not whole:
            self.file.truncate(0)
            self._write(self.columns)
            return
        try:
            header, *lines = csv.reader(io.StringIO(whole.decode(), newline=""))
        except (UnicodeDecodeError, csv.Error):
            header, lines = [], []
        if tuple(header) != self.columns or any(len(line) != len(header) for line in lines):
            raise UserError(
                f"{self.path}: is no table of this version of dealias with these options; move it away, "
                "or choose another folder"
            )
        self.file.truncate(len(whole))
        self.rows = [dict(zip(header, line, strict=True)) for line in lines]

    def add(self, row: Mapping[str, object]) -> None:
        """Append a row.

        Raises:
            UserError: where the disk refuses.
        """
        cells = [self.text(row[name]) for name in self.columns]
        with self._on_disk():
            self._write(cells)
        self.rows.append(dict(zip(self.columns, cells, strict=True)))

    def _write(self, cells: Iterable[str]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(cells)
        assert self.file is not None
        left = line.getvalue().encode()
        size = os.fstat(self.file.fileno()).st_size
        try:
            while left:
                left = left[self.file.write(left) or 0 :]
        except OSError:
            self.file.truncate(size)  # no half row, and room for what else must be said
            raise

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UserError(f"{self.path}: {refusal(error)}") from error


def remember(path: Path, settings: Mapping[str, Any], fixed: Sequence[str], growing: str) -> None:
    """Keep settings beside a table, refusing to mix rows of others with those that are there.

    Arguments:
        fixed: names of settings that must be as they were; none where the table is empty.
        growing: the name of a dictionary to which entries may come, but whose entries must be as they were.

    Raises:
        UserError: where one of them differs from what the file says, or the disk refuses.
    """
    new: dict[str, Any] = json.loads(json.dumps(settings))
    old = _settings(path) if fixed else {}
    for name in fixed:
        if name in old and old[name] != new[name]:
            raise UserError(
                f"{path.parent}: holds results with {name} {old[name]}, not {new[name]}; give that, or another folder"
            )
    before = old.get(growing, {})
    changed = [name for name, value in new[growing].items() if before.get(name, value) != value]
    if changed:
        raise UserError(
            f"{path.parent}: holds results of another '{changed[0]}', with other weights or arguments; "
            "choose another folder"
        )
    new[growing] = before | new[growing]
    with atomic(path, overwrite=True) as temporary:
        temporary.write_text(json.dumps(new, indent=1) + "\n")


def _settings(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise UserError(f"{path}: is damaged; remove it and the results beside it, or choose another folder")
    return found


def _locked(file: io.FileIO) -> bool:
    """Take a file for this process until it ends, however it does; where the system has no locks, believe."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
