"""What a file says of how it was made, as one text: an attribute a line."""

from collections.abc import Mapping
from typing import Any


def comment(attributes: Mapping[str, Any]) -> str:
    """Return attributes as one text."""
    return "\n".join(f"{name}: {note}" for name, note in attributes.items())


def commented(text: str) -> dict[str, str]:
    """Return the attributes that such a text says."""
    lines = (line.partition(": ") for line in text.splitlines())
    return {name: note for name, _, note in lines}
