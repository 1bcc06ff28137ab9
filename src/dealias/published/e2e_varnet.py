"""The end-to-end variational network as fastMRI publishes it, in PyTorch's own format; no code of theirs is run.

| End-to-End Variational Networks for Accelerated MRI Reconstruction (Sriram et al., 2020)
| https://github.com/facebookresearch/fastMRI
"""

from pathlib import Path
from typing import Any

from torch import Tensor

from dealias.configure import configure
from dealias.errors import UserError
from dealias.former_names import current
from dealias.method import Method
from dealias.methods.e2e_varnet import E2EVarNet

DECIDED = ("features", "iterations", "poolings", "map_features", "map_poolings", "authors_conventions")
MARK = "sens_net.norm_unet.unet.down_sample_layers.0.layers.0.weight"
COMPLAINT = "not the weights of an end-to-end VarNet as fastMRI writes them; give another file"


def theirs(content: Any) -> dict[str, Tensor] | None:
    """Return the tensors of fastMRI's VarNet in what a file holds, as published or in a checkpoint; else None."""
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
        return None
    if f"varnet.{MARK}" in state:  # a checkpoint of their training, which holds its loss too
        state = {name.removeprefix("varnet."): value for name, value in state.items() if name.startswith("varnet.")}
    return state if MARK in state and all(isinstance(value, Tensor) for value in state.values()) else None


def method(path: Path, state: dict[str, Tensor], arguments: dict[str, Any]) -> Method:
    """Return the method of fastMRI's tensors, its sizes those of the tensors.

    Raises:
        UserError: for tensors that do not fit each other, or an argument that they decide.
    """
    arguments = current(arguments)
    cascades = {name.split(".")[1] for name in state if name.startswith("cascades.")}
    for name in DECIDED[2:]:
        if name in arguments:
            raise UserError(f"{path}: published weights decide '{name}'; leave it out")
    if "features" in arguments or int(arguments.pop("iterations", len(cascades))) != len(cascades):
        raise UserError(f"{path}: published weights decide features and iterations; leave them out")
    try:
        sizes = {
            "features": _features(state, "cascades.0.model"),
            "iterations": len(cascades),
            "poolings": _poolings(state, "cascades.0.model"),
            "map_features": _features(state, "sens_net.norm_unet"),
            "map_poolings": _poolings(state, "sens_net.norm_unet"),
        }
        made = configure(E2EVarNet, {**sizes, "authors_conventions": True, **arguments})
        made.load_state_dict({_ours(name, sizes): value for name, value in state.items()})
    except (KeyError, RuntimeError, IndexError, ValueError):
        raise UserError(f"{path}: {COMPLAINT}") from None
    return made


def _features(state: dict[str, Tensor], network: str) -> int:
    return state[f"{network}.unet.down_sample_layers.0.layers.0.weight"].shape[0]


def _poolings(state: dict[str, Tensor], network: str) -> int:
    start = f"{network}.unet.down_sample_layers."
    return len({name.removeprefix(start).split(".")[0] for name in state if name.startswith(start)})


def _ours(name: str, sizes: dict[str, int]) -> str:
    """Return our name of one of their tensors; a name that is none of theirs stays, and fits nowhere."""
    before, mark, after = name.partition(".unet.")
    if not mark:
        return name.replace(".dc_weight", ".step")
    learned = before == "sens_net.norm_unet"
    last = sizes["map_poolings" if learned else "poolings"]
    owner = "maps.network" if learned else before.removesuffix(".model") + ".network"
    part, *rest = after.split(".")
    if part == "conv":  # the coarsest resolution: to us the last one down
        part, rest = "down_sample_layers", [str(last), *rest]
    level = rest.pop(0)
    if part == "up_conv" and int(level) == last - 1:  # followed by what is outwards to us
        if rest[0] == "1":
            return ".".join((owner, "network.outwards", *rest[1:]))
        rest.pop(0)
    ours = {"down_sample_layers": "down", "up_transpose_conv": "enlarge", "up_conv": "up"}[part]
    place, kind = rest[1:]
    # their second convolution has dropout before it, which has no weights and which ours lack
    return ".".join((owner, "network", ours, level, {"0": "0", "4": "3"}[place], kind))
