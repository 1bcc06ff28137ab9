"""The command line: `dealias COMMAND ...`; a command is the function `run` of one module of commands/.

Its signature is its options. Nothing here or at the top of a command's module imports torch, so that help is
instant.
"""

import os
import re
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from inspect import getdoc, signature
from pathlib import Path
from typing import Any, NoReturn

from docstring_parser import parse
from jsonargparse import ArgumentParser

from dealias import __version__, find
from dealias.errors import Note, UserError, suggest

CONFIGS = Path(__file__).parent / "configs"
USAGE = "usage: dealias COMMAND ...    (dealias COMMAND --help says more)"


class _Parser(ArgumentParser):
    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        line = message.strip().splitlines()[-1].strip()
        raise UserError(f"{line}; see `{self.prog} --help`")


def parser(name: str, run: Callable[..., None]) -> ArgumentParser:
    """Return the parser of a command: `input` is positional, `output` is -o, all else is named."""
    text = parse(getdoc(run) or "")
    helps = {parameter.arg_name: parameter.description for parameter in text.params}
    made = _Parser(prog=f"dealias {name}", description=text.short_description, default_env=False)
    made.add_argument("--config", action="config", help="a YAML file with any of these options")
    parameters = signature(run).parameters
    special: set[str | int] = {name for name in ("input", "output") if name in parameters}
    if "input" in special:
        made.add_argument("input", type=str, help=helps["input"])
    if "output" in special:
        default = parameters["output"].default
        required = default is parameters["output"].empty
        extra = {"required": True} if required else {"default": default}
        made.add_argument("-o", "--output", type=str, help=helps["output"], **extra)
    for switch in (key for key, parameter in parameters.items() if parameter.annotation is bool):
        made.add_argument(f"--{switch}", action="store_true", help=helps[switch])
        special.add(switch)
    made.add_function_arguments(run, as_positional=False, skip=special, fail_untyped=True)
    return made


def execute(arguments: list[str]) -> None:
    """Run one command.

    Raises:
        UserError: for a mistake in the arguments or in what they name.
    """
    commands = find.names("commands")
    if not arguments or arguments[0] in ("-h", "--help"):
        width = max(map(len, commands))
        modules = {name: import_module(f"dealias.commands.{name}") for name in commands}
        lines = [f"  {name:{width}}  {parse(module.run.__doc__).short_description}" for name, module in modules.items()]
        print("\n".join([USAGE, "", *lines]))
        return
    if arguments[0] == "--version":
        print(f"dealias {__version__}")
        return
    name, *rest = arguments
    if name not in commands:
        raise UserError(f"command '{name}' is unknown{suggest(name, commands)}")
    run = import_module(f"dealias.commands.{name}").run
    # `--method rim --method.iterations 12`: what follows the dot is an argument of the constructor
    rest = [re.sub(r"^--(method|mask)\.", r"--\1_arguments.", item) for item in rest]
    rest = [re.sub(r"^--from(?==|$)", "--from_", item) for item in rest]  # `from` is no name in Python
    for place, item in enumerate(rest):
        if place and rest[place - 1] == "--config" and (CONFIGS / f"{item}.yaml").exists():
            rest[place] = str(CONFIGS / f"{item}.yaml")
    values: dict[str, Any] = parser(name, run).parse_args(rest).as_dict()
    values.pop("config", None)
    run(**values)


def main() -> int:
    """Return the exit code: 0 done, 2 the user's mistake, 130 interrupted; a bug keeps its traceback."""
    # two processes with two spinning threads each slow each other fivefold; torch reads this when imported
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    usual = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *rest: Any, **others: Any) -> None:
        if issubclass(category, Note):
            print(f"dealias: {message}", file=sys.stderr)
        else:
            usual(message, category, *rest, **others)

    warnings.showwarning = show
    try:
        execute(sys.argv[1:])
    except UserError as error:
        print(f"dealias: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("dealias: interrupted; finished results stay", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
