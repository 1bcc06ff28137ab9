"""The options --method, --method.NAME and --tune: which method makes the images."""

from typing import TYPE_CHECKING, Any

from dealias.errors import UserError

if TYPE_CHECKING:
    from dealias.method import Method


def loaded(method: str, given: dict[str, Any] | None, device: str, seed: int, tune: bool) -> "Method":
    """Return the method with the arguments that a user gave, with the seed where it takes one, tuned where wanted."""
    import torch

    from dealias.cards import load_filled, written

    torch.manual_seed(seed)
    arguments = given or {}
    for name in {"name", "device"} & arguments.keys():  # of `load` itself
        raise UserError(f"no method takes --method.{name}; `dealias methods` lists what each takes")
    if tune:
        method, arguments = "tuned", {"of": written(method, arguments)}
    return load_filled(method, arguments, device=device, seed=seed)
