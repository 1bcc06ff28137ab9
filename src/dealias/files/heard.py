"""The notes about parts of a file, told together: what is said of all parts is said once."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dealias.errors import Note


class Heard:
    """What was noted of each part, however often it was read; a note is told once."""

    def __init__(self) -> None:
        self.places: list[str] = []
        self.notes: dict[str, list[tuple[str, str]]] = {}

    @contextmanager
    def of(self, place: Any) -> Iterator[None]:
        """Keep what is noted of the slices of a part; other warnings are shown."""
        name = f"slices {place.start} to {place.stop - 1}" if isinstance(place, slice) else str(place)
        if name not in self.places:
            self.places.append(name)
        caught: list[warnings.WarningMessage] = []
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", Note)
                yield
        finally:
            self._keep(name, caught)

    def _keep(self, name: str, caught: list[warnings.WarningMessage]) -> None:
        for warning in caught:
            text = str(warning.message)
            if not issubclass(warning.category, Note):
                warnings.warn(warning.message, warning.category, stacklevel=5)
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
