"""What a user is told who made a mistake."""

from collections.abc import Sequence

import pytest

from dealias.__main__ import execute
from dealias.errors import UserError


def complaint(arguments: str | Sequence[object]) -> str:
    """Return the one line that a command ends with; a string is split at its spaces."""
    words = arguments.split() if isinstance(arguments, str) else [str(word) for word in arguments]
    with pytest.raises(UserError) as caught:
        execute(words)
    assert "\n" not in str(caught.value)
    return str(caught.value)
