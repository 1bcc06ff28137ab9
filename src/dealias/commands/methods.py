"""What there is to choose from."""

from collections.abc import Callable


def run() -> None:
    """List the methods, the shipped weights and the masks."""
    import inspect

    from dealias import cards, find

    for name in find.names("methods"):
        kind = find.method(name)
        module = inspect.getmodule(kind)
        line = (inspect.getdoc(module) or "").splitlines()[0]
        print(f"method {name}: {line}{' To compare with.' if kind.for_comparison else ''}")
        _arguments("method", kind, skip=())
    for name, card in cards.shipped().items():
        print(f"weight {name}: {card['method'].rpartition('.')[2]}, {card.get('summary', 'no summary')}")
    for name in find.names("sampling"):
        draw = find.mask(name)
        line = (inspect.getdoc(inspect.getmodule(draw)) or "").splitlines()[0]
        print(f"mask {name}: {line}")
        _arguments("mask", draw, skip=("shape", "acceleration", "generator"))


def _arguments(kind: str, taker: Callable[..., object], skip: tuple[str, ...]) -> None:
    """Print each argument with its default and what it is."""
    import inspect

    from docstring_parser import parse

    helps = {item.arg_name: item.description for item in parse(inspect.getdoc(taker) or "").params}
    for name, parameter in inspect.signature(taker).parameters.items():
        if name not in skip:
            text = " ".join((helps.get(name) or "").split())
            print(f"    --{kind}.{name} {parameter.default}".ljust(36) + f"  {text}".rstrip())
