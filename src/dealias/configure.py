"""Values that a user gave become arguments, checked by the signature of what takes them."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from inspect import Parameter, getdoc, signature
from typing import Any, NoReturn, TypeVar

from jsonargparse import ArgumentParser

from dealias.errors import UserError, suggest
from dealias.former_names import current_with_notes

Built = TypeVar("Built")
Command = TypeVar("Command", bound=Callable[..., None])
WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "list": "a list",
    "tuple": "a list",
    "dict": "names with their values",
}


class Parser(ArgumentParser):
    """A parser that complains in one line, and reads files of options as they are typed: `method.iterations: 12`."""

    def parse_string(self, content: str, *args: Any, **others: Any) -> Any:
        """Return the values of a YAML text."""
        return super().parse_string(_as_parsed(content), *args, **others)

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Raise what is wrong as a UserError."""
        raise UserError(_complaint(message))


def _as_parsed(content: str) -> str:
    """Return a YAML text of options as the parser takes them; one that is none stays, for the parser to complain of."""
    import yaml  # type: ignore[import-untyped]

    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(content)):
            raise UserError("--config uses YAML aliases; write the values out")
        typed = yaml.safe_load(content)
    except yaml.YAMLError:
        return content
    if not isinstance(typed, dict):
        return content
    values: dict[str, Any] = {}
    for name, value in typed.items():
        whole, _, part = str(name).partition(".")
        if part and whole in ("method", "mask"):
            others = values.get(f"{whole}_arguments") or {}
            values[f"{whole}_arguments"] = {**others, part: value}
        else:
            values["from_" if name == "from" else str(name)] = value
    values = {name: value for name, value in values.items() if value is not None}  # nothing is what is left out
    return json.dumps(values, default=str)


def configure(kind: Callable[..., Built], values: Mapping[str, Any]) -> Built:
    """Return what a constructor makes of values from a command line, a YAML file or a card.

    Raises:
        UserError: for a name that the constructor does not take, or a value of the wrong type.
    """
    return kind(**typed_arguments(kind, values))


def typed_arguments(
    taker: Callable[..., Any], values: Mapping[str, Any], given: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the arguments of a class or function, in their types; those that the user left out by default.

    Arguments:
        given: arguments that the program gives, and a user cannot.

    Raises:
        UserError: for a name that is not taken, or a value of the wrong type.
    """
    name = taker.__name__
    known = [key for key in signature(taker).parameters if key not in given]
    values = current_with_notes(values, known, name)
    for key in values:
        if key not in known:
            hint = suggest(key, known) if known else "; it takes none"
            raise UserError(f"{name} takes no argument '{key}'{hint}")
    parser = Parser(default_env=False)
    add = parser.add_class_arguments if isinstance(taker, type) else parser.add_function_arguments
    add(taker, as_positional=False, skip=set(given))
    try:
        return parser.parse_object(dict(values)).as_dict()
    except UserError as error:
        raise UserError(f"{name}: {error}; `dealias methods` lists what each takes") from None


def options_of(kind: type) -> Callable[[Command], Command]:
    """Give a command the fields of a dataclass as options of its own, instead of its `**settings`."""

    def given(run: Command) -> Command:
        own = [item for item in signature(run).parameters.values() if item.kind is not Parameter.VAR_KEYWORD]
        more = [
            Parameter(item.name, Parameter.KEYWORD_ONLY, default=_default(item), annotation=item.type)
            for item in fields(kind)
        ]
        run.__signature__ = signature(run).replace(parameters=[*own, *more])  # type: ignore[attr-defined]
        run.__doc__ = f"{getdoc(run)}{(getdoc(kind) or '').partition('Arguments:')[2]}"
        return run

    return given


def _default(item: Field[Any]) -> Any:
    """Return a field's default as a signature says it."""
    if item.default_factory is not MISSING:
        return item.default_factory()
    return Parameter.empty if item.default is MISSING else item.default


def _complaint(message: str) -> str:
    """Return jsonargparse's message of many lines as one."""
    key = re.search(r'Parser key "([\w.]+)"', message)
    value = re.findall(r"(?:Got|Given) value: (.*)", message)
    if not (key and value):
        message = re.sub(r'^Parser key "(\w+)"', r"--\1", message)
        message = message.replace("Problems parsing config", "--config is not YAML")
        message = message.replace('in "<unicode string>", ', "")
        return " ".join(message.split())
    choices = re.search(r"Literal\[([^]]*)\]", message)
    if choices:
        wanted = "one of " + choices[1].replace("'", "")
    else:
        kinds = re.findall(r"Expected an? <class '(\w+)'>", message)
        wanted = " or ".join(WORDS[kind] for kind in kinds if kind in WORDS) or "another value"
    return f"{key[1]} cannot be '{value[-1]}'; give {wanted}"
