"""Weights with their card: one safetensors file that says how to build the method and how it was trained.

A safetensors file holds numbers and text only, so that loading never runs code from a file.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from dealias import find
from dealias.configure import configure
from dealias.errors import UserError, suggest
from dealias.files.atomic import atomic
from dealias.method import Method

WEIGHTS = Path(__file__).parent / "weights"


def weights() -> list[str]:
    """Return the names of the shipped weights."""
    return sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))


def path_of(name: str) -> Path | None:
    """Return the weight file that a name or path means, None where it means none."""
    if name.endswith(".safetensors") or "/" in name:
        return Path(name)
    return WEIGHTS / f"{name}.safetensors" if name in weights() else None


def save(path: str | Path, method: Method, notes: dict[str, Any] | None = None, *, overwrite: bool = False) -> None:
    """Write a method's weights and card.

    Arguments:
        notes: what else the card says: data and its terms, command, seed, versions, figures.
    """
    kind = type(method)
    card = {
        "method": f"{kind.__module__}.{kind.__qualname__}",
        "arguments": method.arguments,
        **(notes or {}),
    }
    # safetensors refuses channels_last
    tensors = {name: value.detach().cpu().contiguous() for name, value in method.state_dict().items()}
    with atomic(path, overwrite=overwrite) as temporary:
        save_file(tensors, temporary, metadata={"card": json.dumps(card)})


def read(path: str | Path) -> dict[str, Any]:
    """Return the card of a weight file.

    Raises:
        UserError: for a file that is missing, broken, or without a card.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return json.loads((file.metadata() or {})["card"])
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; shipped weights: {', '.join(weights()) or 'none'}") from None
    except (OSError, SafetensorError, KeyError, ValueError):
        raise UserError(f"{path}: not a weight file of dealias; give a .safetensors file that it wrote") from None


def load(name: str, *, device: str = "cpu", **arguments: Any) -> Method:
    """Return a method ready to run: from a .safetensors file, a shipped weight, or one that has no parameters.

    Arguments:
        name: a path, the name of a shipped weight or of a method, or a dotted path of anyone's class.
        arguments: of the constructor, instead of its defaults or of what the card says.

    Raises:
        UserError: for an unknown name, unreadable weights, or a method that would hold random numbers.
    """
    target = usable(device)
    path = path_of(name)
    if path is None:
        if name not in find.names("methods") and "." not in name:
            raise UserError(f"method '{name}' is unknown{suggest(name, {*find.names('methods'), *weights()})}")
        method: Method = configure(find.method(name), arguments)
        if next(method.parameters(), None) is not None:
            raise UserError(f"method '{name}' has parameters and no shipped weights; give a .safetensors file")
        return method.eval()
    card = read(path)
    method = configure(find.method(card["method"]), {**card["arguments"], **arguments})
    tensors = {}
    with safe_open(path, framework="pt") as file:
        for key in file.keys():  # noqa: SIM118 - not a dictionary
            tensors[key] = file.get_tensor(key)
    try:
        method.load_state_dict(tensors)
    except RuntimeError:
        raise UserError(f"{path}: its weights do not fit {card['method']} with these arguments; drop them") from None
    return method.to(target).eval()


def usable(device: str) -> torch.device:
    """Return a device that this machine has.

    Raises:
        UserError: where it has none such.
    """
    try:
        found = torch.device(device)
    except RuntimeError:
        raise UserError(f"device '{device}' is unknown; give cpu or cuda") from None
    if found.type == "cuda" and not torch.cuda.is_available():
        raise UserError("there is no CUDA device here; use --device cpu")
    return found
