"""What a method decided about the slices of a file: numbers that lie beside the image, and one line of text."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from dealias.decisions import Decision


def numbers(found: "Sequence[Decision]", lead: Sequence[int]) -> "dict[str, Tensor]":
    """Return a number for each slice, or frame, by its name; NaN is what the method does by itself.

    Arguments:
        found: one decision for each, the first of them those of the image; others are of parts of its samples.
        lead: how many there are along each axis.
    """
    import torch

    count = torch.Size(lead).numel()
    return {
        name: torch.tensor([one[name] for one in found[:count]]).reshape(*lead) for name in (found[0] if found else ())
    }


def worded(numbers: "Mapping[str, Tensor]") -> str:
    """Return in words what was decided, over all slices: "regularisation 0.002 to 0.004"."""
    return ", ".join(f"{name} {_range(values)}" for name, values in numbers.items())


def _range(values: "Tensor") -> str:
    known = values[values == values]
    found = [f"{float(value):.3g}" for value in (known.min(), known.max())] if len(known) else []
    words = " to ".join(dict.fromkeys(found))
    return words if len(known) == values.numel() else f"{words} or by itself" if words else "by itself"
