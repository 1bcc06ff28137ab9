"""The constructor is the configuration: build an object from values that a user gave, checked by its signature."""

from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from jsonargparse import ArgumentParser

from dealias.errors import UserError

Built = TypeVar("Built")


class _Parser(ArgumentParser):
    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        raise UserError(" ".join(part.strip() for part in message.splitlines() if part.strip()))


def configure(kind: type[Built], values: Mapping[str, Any]) -> Built:
    """Return what a constructor makes of values from a command line, a YAML file or a card.

    Raises:
        UserError: for a name that the constructor does not take, or a value of the wrong type.
    """
    parser = _Parser(default_env=False)
    parser.add_class_arguments(kind, as_positional=False)
    try:
        checked = parser.parse_object(dict(values))
    except UserError as error:
        raise UserError(f"{kind.__name__}: {error}; see `dealias methods`") from None
    return kind(**checked.as_dict())
