"""Weights with their card: one safetensors file that says how to build the method and how it was trained.

A safetensors file holds numbers and text only, so that loading never runs code from a file.
"""

import hashlib
import json
import math
import sys
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from dealias import find
from dealias.configure import configure
from dealias.configured import C, Configured
from dealias.errors import UserError, suggest
from dealias.files.atomic import atomic
from dealias.former_names import current, current_settings
from dealias.method import Method
from dealias.prior import Prior

LARGEST, LONGEST = 10_000, 2**20  # whole number in a card, and characters of it
WEIGHTS = Path(__file__).parent / "weights"
PUBLISHED = (".pt", ".pth")  # endings of what PyTorch writes


def weights() -> list[str]:
    """Return the names of the shipped weights."""
    return sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))


def shipped(room: str = "") -> dict[str, dict[str, Any]]:
    """Return the card of each of the shipped weights by its name.

    Arguments:
        room: "methods" or "priors", for weights of that kind alone.
    """
    cards = {name: read(WEIGHTS / f"{name}.safetensors") for name in weights()}
    return {name: card for name, card in cards.items() if card["method"].startswith(f"dealias.{room}")}


def of_volumes(card: dict[str, Any]) -> bool:
    """Return whether a card is that of a network of volumes, such as susceptibility, and not of images."""
    return card["arguments"].get("dimensions") == 3


def path_of(name: str) -> Path | None:
    """Return the weight file that a name or path means, None where it means none."""
    if name.endswith((".safetensors", *PUBLISHED)) or "/" in name or ("." in name and Path(name).is_file()):
        return Path(name)
    return WEIGHTS / f"{name}.safetensors" if name in weights() else None


def save(path: str | Path, made: Configured, notes: dict[str, Any] | None = None, *, overwrite: bool = False) -> None:
    """Write the weights and the card of a method or a prior.

    Arguments:
        notes: what else the card says: data and its terms, command, seed, versions, figures.
    """
    kind = type(made)
    card = {
        "method": f"{kind.__module__}.{kind.__qualname__}",
        "arguments": made.arguments,
        **(notes or {}),
    }
    # safetensors refuses channels_last
    tensors = {name: value.detach().cpu().contiguous() for name, value in made.state_dict().items()}
    _write(path, tensors, card, overwrite)


def annotate(path: str | Path, **notes: Any) -> None:
    """Write a weight file again, with more on its card."""
    read(path)  # whether it is one
    with safe_open(path, framework="pt") as file:
        card = json.loads(file.metadata()["card"]) | notes
    _write(path, load_file(path), card, overwrite=True)


def _write(path: str | Path, tensors: dict[str, torch.Tensor], card: dict[str, Any], overwrite: bool) -> None:
    with atomic(path, overwrite=overwrite) as temporary:
        # not its `save_file`, which lets the owner alone read
        temporary.write_bytes(safetensors.torch.save(tensors, metadata={"card": json.dumps(card)}))


def read(path: str | Path) -> dict[str, Any]:
    """Return the card of a weight file.

    Raises:
        UserError: for a file that is missing, broken, or without a card.
    """
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {})["card"]
            card: dict[str, Any] = json.loads(text if len(text) < LONGEST else "null")
            if not (isinstance(card["method"], str) and isinstance(card["arguments"], dict)):
                raise ValueError
            return _by_current_names(card)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; shipped weights: {', '.join(weights()) or 'none'}") from None
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RecursionError):
        raise UserError(f"{path}: not a weight file of dealias; give a .safetensors file that it wrote") from None


def _by_current_names(card: dict[str, Any]) -> dict[str, Any]:
    """Return a card of a method of ours as it would be written now."""
    if card["method"].startswith("dealias."):
        card["arguments"] = current(card["arguments"])
        if isinstance(card.get("settings"), dict):
            card["settings"] = current_settings(card["settings"])
    return card


def fingerprint(method: Configured) -> str:
    """Return what tells a method from one of the same name with other arguments or weights."""
    kind = type(method)
    digest = hashlib.sha256(f"{kind.__module__}.{kind.__qualname__}".encode())
    digest.update(json.dumps(method.arguments, sort_keys=True, default=str).encode())
    for name, value in method.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def load(name: str | PathLike[str], *, device: str = "cpu", **arguments: Any) -> Method:
    """Return a method ready to run: from a weight file, a shipped weight, or one that has no parameters.

    A weight file is a .safetensors that dealias wrote, the .pth that the authors of CRNN-MRI published, or
    the .pt of an end-to-end VarNet by fastMRI.

    Arguments:
        name: a path, the name of a shipped weight or of a method, or a dotted path of anyone's class; with `@` and a
            path after it, that class with these weights.
        arguments: of the constructor, instead of its defaults or of what the card says.

    Raises:
        UserError: for an unknown name, unreadable weights, or a method that would hold random numbers.
    """
    target, name = usable(device), str(name)
    wanted, _, file = name.partition("@")
    kind = None
    if file and not Path(name).exists():
        kind = find.method(wanted)  # imports what the user names: its weights may then name it too
        name = file
    path = path_of(name)
    if path is None:
        if name not in find.names("methods") and "." not in name:
            raise UserError(f"method '{name}' is unknown{suggest(name, {*find.names('methods'), *weights()})}")
        method: Method = configure(find.method(name), arguments)
        if next(method.parameters(), None) is not None and not method.trained:
            raise UserError(f"method '{name}' has parameters and no shipped weights; give a .safetensors file")
        return method.eval()
    if path.suffix in PUBLISHED:
        from dealias import published

        method = published.load(path, arguments)
    else:
        method = _from_card(path, find.method, "methods", arguments)
    if kind is not None and type(method) is not kind:
        raise UserError(f"{path}: holds weights of {type(method).__name__}, not of {wanted}; leave '{wanted}@' out")
    return method.to(target).eval()


def load_written(text: str, *, device: str = "cpu", **others: Any) -> Method:
    """Return the method that one word of text means, such as `rim`, a path or `wavelet:iterations=9:levels=2`.

    Arguments:
        others: arguments where the text gives none and the method takes them, such as a seed.

    Raises:
        UserError: for text of another form, and as `load`.
    """
    name, *given = [text] if Path(text).exists() else text.split(":")
    if not all("=" in part for part in given):
        raise UserError(f"'{text}' names no method; arguments follow as wavelet:iterations=100")
    return load_filled(name, dict(part.split("=", 1) for part in given), device=device, **others)


def load_filled(name: str, arguments: Mapping[str, Any], *, device: str = "cpu", **others: Any) -> Method:
    """Return what `load` does of these arguments, and of others that are not among them where the method takes them."""
    method = load(name, device=device, **arguments)
    missing = {key: value for key, value in others.items() if key in method.arguments and key not in arguments}
    return load(name, device=device, **arguments, **missing) if missing else method


def written(name: str, arguments: Mapping[str, Any]) -> str:
    """Return the one word of text from which `load_written` makes a method with these arguments."""
    return ":".join([name, *(f"{key}={'null' if value is None else value}" for key, value in arguments.items())])


def load_prior(name: str | PathLike[str], *, device: str = "cpu", **arguments: Any) -> Prior:
    """Return a trained prior from a weight file or a shipped weight.

    Arguments:
        arguments: of the constructor, instead of what the card says.

    Raises:
        UserError: for an unknown name, unreadable weights, or those of a method.
    """
    path = path_of(str(name))
    if path is None:
        raise UserError(f"prior '{name}' has no shipped weights; give a .safetensors file")
    return _from_card(path, find.prior, "priors", arguments).to(usable(device)).eval()


def _from_card(path: Path, kind_of: Callable[[str], type[C]], room: str, arguments: dict[str, Any]) -> C:
    """Return what a weight file holds, made of its card's arguments, some of them replaced."""
    card = read(path)
    try:
        _check_numbers(card["arguments"])
        kind, given = _known(card["method"], kind_of, room), {**card["arguments"], **arguments}
        with torch.device("meta"):  # takes no memory: whether it fits its weights is known before it is made
            wanted = {name: value.shape for name, value in configure(kind, given).state_dict().items()}
        with safe_open(path, framework="pt") as file:
            found = {name: torch.Size(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    if wanted != found:
        raise UserError(f"{path}: its weights do not fit {card['method']} with these arguments; drop them")
    made: C = configure(kind, given)
    weights_of = load_file(path)
    if not all(bool(torch.isfinite(value).all()) for value in weights_of.values()):
        raise UserError(f"{path}: holds weights that are NaN or infinite; train it again, or take others")
    made.load_state_dict(weights_of)
    if isinstance(made, Method):
        made.usual_errors = _usual_errors(card)
    return made


def _usual_errors(card: dict[str, Any]) -> tuple[tuple[float, float], ...]:
    """Return what a card says of errors on scans such as the method learned from; nothing where it makes no sense."""
    try:
        found = tuple((float(mean), float(deviation)) for mean, deviation in card.get("usual_errors") or ())
    except (TypeError, ValueError):
        return ()
    return found if all(math.isfinite(value) for pair in found for value in pair) else ()


def _check_numbers(value: Any, name: str = "") -> None:
    """Raise for arguments of a card that nobody trains with, and that would take hours to build."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else ((name, part) for part in value):
            _check_numbers(part, str(key))
    elif isinstance(value, int) and abs(value) > LARGEST and name != "seed":
        raise UserError(f"its card asks for {name} = {value}, more than {LARGEST}; it is damaged, copy it again")


def _known(name: str, kind_of: Callable[[str], type[C]], room: str) -> type[C]:
    """Return the class that a card names, if it is ours or imported already: a file decides what runs no more."""
    module = name.rpartition(".")[0]
    ours = module.startswith(f"dealias.{room}.") and module.removeprefix(f"dealias.{room}.") in find.names(room)
    if not ours and module.startswith("dealias."):
        raise UserError(f"its card names {name}, which is none of dealias.{room}; give other weights")
    if not ours and module not in sys.modules:
        raise UserError(f"its card names {name}, which is not a method of dealias; if you trust it, write {name}@FILE")
    return kind_of(name)


def usable(device: str) -> torch.device:
    """Return a device that this machine has.

    Raises:
        UserError: where it has none such.
    """
    try:
        found = torch.device(device)
    except RuntimeError:
        raise UserError(f"device '{device}' is unknown; give cpu or cuda") from None
    if found.type not in ("cpu", "cuda"):
        raise UserError(f"device '{device}' is not supported; give cpu or cuda")
    if found.type == "cuda" and (found.index or 0) >= torch.cuda.device_count():
        raise UserError(f"there is no CUDA device '{device}' here; use --device cpu")
    return found
