"""The command line: `dealias COMMAND ...`; a command is the function `run` of one module of commands/.

Its signature is its options. Nothing here or at the top of a command's module imports torch, so that help is
instant.
"""

import errno
import os
import re
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import Parameter, getdoc, signature
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

from docstring_parser import parse
from tqdm import tqdm

from dealias import __version__, allocator, find
from dealias.configure import Parser
from dealias.errors import Note, Unexpected, UserError, suggest

CONFIGS = Path(__file__).parent / "configs"
USAGE = "usage: dealias COMMAND ...    (dealias COMMAND --help says more)"


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
    if {"-h", "--help"} & {*rest}:
        print(describe(name, run))
        return
    try:
        values: dict[str, Any] = parser(name, run).parse_args(_spelt_out(rest)).as_dict()
    except UnicodeDecodeError:
        raise UserError("--config: is no text; give a YAML file") from None
    except UserError as error:
        raise UserError(f"{_as_typed(str(error), run)}; see `dealias {name} --help`") from None
    values.pop("config", None)
    if not 0 <= values.get("seed", 0) < 2**32:
        raise UserError(f"--seed cannot be {values['seed']}; give a number from 0 to {2**32 - 1}")
    run(**values)


def parser(name: str, run: Callable[..., None]) -> Parser:
    """Return the parser of a command: `input` is positional, `output` is -o, all else is named."""
    made = Parser(prog=f"dealias {name}", default_env=False, add_help=False, allow_abbrev=False)
    made.add_argument("--config", action="config")
    special: set[str | int] = set()
    for key, parameter in signature(run).parameters.items():
        required = parameter.default is Parameter.empty
        default = {"required": True} if required else {"default": parameter.default}
        if key == "input":
            made.add_argument("input", type=str, nargs=None if required else "?")
        elif key == "output":
            made.add_argument("-o", "--output", type=str, **default)
        elif parameter.annotation is bool:
            made.add_argument(f"--{key}", action="store_true")
        elif (kind := _of_several(parameter.annotation)) is not None:
            made.add_argument(f"--{key}", type=kind, nargs="+", **default)
        else:
            continue
        special.add(key)
    made.add_function_arguments(run, as_positional=False, skip=special, fail_untyped=True)
    return made


def describe(name: str, run: Callable[..., None]) -> str:
    """Return the help of a command."""
    parameters = signature(run).parameters
    usage = [f"usage: dealias {name}"]
    usage += [
        "INPUT" if key == "input" else " ".join(_option(key, parameter))
        for key, parameter in parameters.items()
        if parameter.default is Parameter.empty
    ]
    text = parse(getdoc(run) or "")
    lines = [" ".join([*usage, "[options]"]) if len(parameters) else usage[0], "", str(text.short_description), ""]
    for item in text.params:
        parameter = parameters[item.arg_name]
        option, value = _option(item.arg_name, parameter)
        lines += _entry(f"{option} {value}", item.description or "", parameter.default)
    if len(parameters):
        shipped = f"; or one of ours: {', '.join(_configs())}" if name == "train" else ""
        lines += _entry("--config FILE", f"a YAML file with any of these options{shipped}", None)
    return "\n".join([*lines, *_entry("-h, --help", "this", None)])


def _entry(option: str, text: str, default: object) -> Iterator[str]:
    if default not in (None, False, [], Parameter.empty):
        text += f" [{default}]"
    first, *others = textwrap.wrap(text, 78)
    indent = " " * 30
    yield from [f"  {option:27} {first}"] if len(option) < 28 else [f"  {option}", f"{indent}{first}"]
    yield from (f"{indent}{line}" for line in others)


def _option(key: str, parameter: Parameter) -> tuple[str, str]:
    """Return an option as a user types it, and what stands for its value."""
    kind = parameter.annotation
    if isinstance(kind, UnionType):
        kind = get_args(kind)[0]
    if key == "input":
        return "INPUT", ""
    if key == "output":
        return "-o", "OUTPUT"
    if get_origin(kind) is dict:
        return f"--{key.removesuffix('_arguments')}.NAME", "VALUE"
    option = f"--{key.removesuffix('_')}"
    if kind is bool:
        return option, ""
    if get_origin(kind) is list:
        return option, "X ..." if get_args(kind)[0] is float else "FILE ..."
    choices = "|".join(map(str, get_args(kind)))
    return option, choices or {int: "N", float: "X"}.get(kind, key.removesuffix("_").upper())


def _of_several(kind: Any) -> type | None:
    """Return what a list holds, be it optional or not; None for anything else."""
    if isinstance(kind, UnionType):
        kind = get_args(kind)[0]
    return get_args(kind)[0] if get_origin(kind) is list else None


def _spelt_out(arguments: list[str]) -> list[str]:
    """Return arguments as the parser takes them, from what a user types."""
    # `--method rim --method.iterations 12`: what follows the dot is an argument of the constructor
    spelt = [re.sub(r"^--(method|mask)\.", r"--\1_arguments.", item) for item in arguments]
    spelt = [re.sub(r"^--from(?==|$)", "--from_", item) for item in spelt]  # `from` is no name in Python
    for place, item in enumerate(spelt):
        start, equals, name = item.rpartition("=")
        wanted = start == "--config" or (not equals and place > 0 and spelt[place - 1] == "--config")
        if wanted and name in _configs():
            spelt[place] = f"{start}{equals}{CONFIGS / name}.yaml"
        elif wanted and not Path(name).is_file():
            raise UserError(f"--config {name}: there is no such file{suggest(name, _configs())}")
    return spelt


def _configs() -> list[str]:
    """Return the names of the trainings that made the shipped weights, as --config takes them."""
    return sorted(path.stem for path in CONFIGS.glob("*.yaml"))


def _as_typed(complaint: str, run: Callable[..., None]) -> str:
    """Return the parser's complaint with options as a user types them, and with the nearest where one is unknown."""
    options = {key: _option(key, parameter)[0] for key, parameter in signature(run).parameters.items()}
    unknown = re.match(r"unrecognized arguments: (\S+)|Option '(\S+)' is not accepted", complaint)
    if unknown:
        name = unknown[1] or unknown[2]
        if unknown[1] and not name.startswith("-"):
            return f"'{name}' is one argument too many"
        return f"there is no option '{name}'{suggest(name.partition('=')[0], ['--config', *options.values()])}"
    complaint = complaint.replace("the following arguments are required:", "missing:")
    for key, option in options.items():
        complaint = re.sub(rf"(?<![\w'.-])(--)?{key}(?![\w'.-])", option, complaint)
    return complaint


def main() -> int:
    """Return the exit code: 0 done, 2 the user's mistake, 130 interrupted, 1 a bug.

    A bug that ends the command keeps its traceback.
    """
    # two processes with two spinning threads each slow each other fivefold; torch reads this when imported
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    allocator.keep_freed_blocks()
    usual = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *rest: Any, **others: Any) -> None:
        if issubclass(category, Note):
            tqdm.write(f"dealias: {message}", file=sys.stderr)  # above the bars
        else:
            usual(message, category, *rest, **others)

    warnings.showwarning = show
    warnings.simplefilter("always", Note)  # for each file that it concerns, not for the first alone
    try:
        with allocator.explain_out_of_memory():
            execute(sys.argv[1:])
    except UserError as error:
        print(f"dealias: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        print(f"dealias: {error.filename}: the name is longer than the system takes; shorten it", file=sys.stderr)
        return 2
    except Unexpected as error:
        print(f"dealias: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("dealias: interrupted; finished results stay", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
