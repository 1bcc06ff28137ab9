"""How well images predict samples that were hidden from them, and whether one does so better by more than chance."""

from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.folds import line_axis
from dealias.shapes import Image


def errors(hidden: Acquisition, image: Image) -> Tensor:
    """Return the energy of what an image gets wrong of each line, or point, of one problem; zero where none is hidden.

    Arguments:
        hidden: the samples that were hidden, as `Acquisition.folds` returns them.
        image: made without them.
    """
    rest = (hidden.operator.forward(image) - hidden.kspace).detach().abs().double().square()
    energy = rest.sum(tuple(range(rest.ndim - 2)))
    axis = line_axis(hidden.mask.expand(rest[..., :1, :, :].shape).flatten(0, -3).any(0))
    return energy.flatten() if axis is None else energy.sum(-3 - axis)


def gain(before: Tensor, after: Tensor) -> float:
    """Return how much energy of errors one image saves over another, zero where that is within its standard error.

    | Classification and regression trees (Breiman et al., 1984), section 3.4.3: the rule of one standard error
    | https://doi.org/10.1201/9781315139470
    """
    changes = before - after
    saved = float(changes.sum())
    return saved if saved > float(changes.square().sum().sqrt()) else 0.0
