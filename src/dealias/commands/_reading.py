"""The options --key, --axes, --file_mask and --conjugate: how a file is read; a large one some slices at a time."""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

from dealias.errors import Note

FileMask: TypeAlias = Literal["refuse", "apply", "ignore"]
Conjugate: TypeAlias = Literal["auto", "yes", "no"]

READING = ("key", "axes", "file_mask", "conjugate")


def reading(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of `dealias.open` that those of a command mean."""
    return {
        "key": options["key"],
        "axes": options["axes"],
        "mask": {"refuse": None}.get(options["file_mask"], options["file_mask"]),
        "conjugate": {"auto": None, "yes": True, "no": False}[options["conjugate"]],
    }


class Heard:
    """The notes about parts of a file, told together: what is said of all parts is said once."""

    def __init__(self) -> None:
        self.places: list[str] = []
        self.notes: dict[str, list[tuple[str, str]]] = {}

    @contextmanager
    def of(self, place: Any) -> Iterator[None]:
        """Keep what is noted of the slices of a part; other warnings are shown."""
        name = f"slices {place.start} to {place.stop - 1}"
        if name not in self.places:
            self.places.append(name)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", Note)
            yield
        for warning in caught:
            text = str(warning.message)
            if not issubclass(warning.category, Note):
                warnings.warn(warning.message, warning.category, stacklevel=4)
                continue
            alike = self.notes.setdefault(re.sub(r"\d[\d.e+-]*", "", text), [])
            if name not in [place for place, _ in alike]:
                alike.append((name, text))

    def tell(self) -> None:
        """Show the notes."""
        for alike in self.notes.values():
            (place, text), count = alike[0], len(alike)
            if count < len(self.places) or len({text for _, text in alike}) > 1:
                text = f"{place}{f', and others likewise: {count} parts' if count > 1 else ''}: {text}"
            warnings.warn(Note(text), stacklevel=3)
        self.notes.clear()


def parts(read: Callable[..., Any], path: str | Path, named: Mapping[str, Any], least: int = 1) -> Iterator[Any]:
    """Yield what a file holds, of a large one some slices at a time.

    Arguments:
        read: takes the options of `dealias.open`.
        named: these, and the slices that are wanted.
        least: slices to read at once.
    """
    from dealias.files.stack import ranges
    from dealias.files.wanted import Wanted

    places, heard = ranges(path, Wanted(**named), least), Heard()
    if len(places) == 1:
        yield read(**named)
        return
    for place in places:
        with heard.of(place):
            found = read(**{**named, "slices": place})
        yield found
    heard.tell()
