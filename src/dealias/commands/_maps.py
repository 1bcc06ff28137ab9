"""The option --maps: auto, none, or a file that holds the maps."""

from typing import Literal

from torch import Tensor


def choose(maps: str) -> Tensor | Literal["auto"] | None:
    """Return what `dealias.reconstruct` takes for the text that a user gave."""
    if maps == "auto":
        return "auto"
    if maps == "none":
        return None
    from dealias.files.coil_maps import read_maps

    return read_maps(maps)
