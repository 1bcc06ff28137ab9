"""Networks that learned to find susceptibility, by the names that a user gives them."""

from dealias import cards, find
from dealias.errors import UserError, suggest
from dealias.method import Method

SHIPPED = {"rim": "qsm_rim"}  # the weights that a method's name stands for


def network(name: str, others: list[str]) -> Method:
    """Return a network of susceptibility by its method's name, by that of its weights, or by their file.

    Arguments:
        others: names of inversions that are no networks, for a complaint.

    Raises:
        UserError: where there is none, or it is one of images.
    """
    path = cards.path_of(SHIPPED.get(name, name))
    if path is None and name not in SHIPPED:
        if name in find.names("methods"):
            raise UserError(f"{name} inverts no field; give one of {', '.join([*others, *SHIPPED])}")
        raise UserError(f"inversion '{name}' is unknown{suggest(name, [*others, *SHIPPED])}")
    if path is None or not path.is_file():
        text = f"there are no weights {SHIPPED[name]}" if name in SHIPPED else f"{name}: no such file"
        raise UserError(f"{text}; make them by dealias train --config qsm -o DIR, and give DIR/weights.safetensors")
    method = cards.load(path)
    if (method.arguments.get("dimensions"), method.arguments.get("channels")) != (3, 1):
        text = f"{name} holds weights for images, not for a field"
        raise UserError(f"{text}; give those of a network with dimensions=3 and channels=1")
    return method


def check_images(method: Method, name: str) -> None:
    """Refuse a network of susceptibility where echoes are to be reconstructed.

    Raises:
        UserError: which says where it belongs.
    """
    if method.arguments.get("dimensions") == 3:
        raise UserError(f"{name} inverts a field and reconstructs no echoes; give it to --inversion")
