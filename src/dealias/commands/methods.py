"""What there is to choose from."""


def run() -> None:
    """List the methods, the shipped weights and the masks."""
    import inspect

    from dealias import cards, find

    for name in find.names("methods"):
        kind = find.method(name)
        module = inspect.getmodule(kind)
        line = (inspect.getdoc(module) or "").splitlines()[0]
        arguments = [p for key, p in inspect.signature(kind).parameters.items() if key != "self"]
        print(f"method {name}: {line}")
        print(f"    {' '.join(f'--method.{p.name} {p.default}' for p in arguments)}")
    for name in cards.weights():
        card = cards.read(cards.WEIGHTS / f"{name}.safetensors")
        print(f"weight {name}: {card['method'].rpartition('.')[2]}, {card.get('summary', 'no summary')}")
    for name in find.names("sampling"):
        line = (inspect.getdoc(inspect.getmodule(find.mask(name))) or "").splitlines()[0]
        print(f"mask {name}: {line}")
