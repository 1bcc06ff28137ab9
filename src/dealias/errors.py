"""Errors that a user can mend: one sentence that says what is wrong, one that says what to do."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """A mistake in the input; its text is one line with the remedy and is shown without a traceback."""


class Unexpected(Exception):
    """What no user can mend happened to some of many files, the others being done; its text is one line."""


class Note(UserWarning):
    """Something legal that a user will want to know, shown as one line on stderr."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean X?" for the nearest known name, and all the names where none is near."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else f"; known: {', '.join(names)}"
