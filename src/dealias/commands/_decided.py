"""What a method decided about the slices of a file: numbers that lie beside the image, and one line of text."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from dealias.decisions import Decision


def numbers(found: "Sequence[Decision]", shape: Sequence[int]) -> "dict[str, Tensor]":
    """Return a number for each slice, or each frame, by its name; NaN is what the method does by itself.

    Arguments:
        found: a decision for each.
        shape: of the image (*slice, [time,] y, x).
    """
    import torch

    leads = [torch.Size(shape[:count]) for count in range(len(shape) - 1)]
    lead = [lead for lead in leads if lead.numel() == len(found)][-1:]
    names = found[0] if lead else ()
    return {name: torch.tensor([one[name] for one in found]).reshape(lead[0]) for name in names}


def worded(numbers: "Mapping[str, Tensor]") -> str:
    """Return in words what was decided, over all slices: "regularisation 0.002 to 0.004"."""
    return ", ".join(f"{name} {_range(values)}" for name, values in numbers.items())


def _range(values: "Tensor") -> str:
    known = values[values == values]
    found = [f"{float(value):.3g}" for value in (known.min(), known.max())] if len(known) else []
    words = " to ".join(dict.fromkeys(found))
    return words if len(known) == values.numel() else f"{words} or by itself" if words else "by itself"
