"""The verb: a method turns a problem into a sequence of ever better images."""

import inspect
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from dealias.errors import Note, UserError
from dealias.problem import P, Problem


class Method(nn.Module, ABC):
    """A reconstruction method; its constructor is its configuration.

    Arguments:
        dimensions: trailing axes of the image that it treats as one problem: 2 an image, 3 a film or volume.
        iterations: how many estimates it yields.
        own_scale: whether it takes data whose image has a maximum of about one as they are, for weights that others
            trained on such data; what is smaller or larger by ten is normalised.
        arguments: what the constructor was given.
    """

    dimensions: ClassVar[int] = 2
    iterations: int
    own_scale: bool = False
    arguments: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> "Method":
        """Remember the constructor's arguments, which a saved card needs to build the method again."""
        self = super().__new__(cls)
        signature = inspect.signature(cls.__init__)
        try:
            bound = signature.bind_partial(self, *args, **kwargs)
        except TypeError:  # __init__ will say what is wrong
            return self
        bound.apply_defaults()
        kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        named = [key for key, value in signature.parameters.items() if value.kind in kinds]
        arguments = {key: bound.arguments[key] for key in named[1:] if key in bound.arguments}
        object.__setattr__(self, "arguments", arguments)
        return self

    @abstractmethod
    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield `iterations` images of a normalised problem, each better than the last, which is the answer."""

    def samples(self, problem: Problem, count: int, generator: torch.Generator) -> Tensor:
        """Return images drawn from the posterior (count, *batch, y, x), where the method samples one."""
        raise UserError(
            f"{type(self).__name__} yields one image, not samples of a posterior; use a score or flow prior"
        )

    def check_training(self, loss: str, tells_noise: bool) -> None:  # noqa: B027 - most learn from anything
        """Refuse a training from which this network would never learn what it is made for.

        Arguments:
            loss: its name.
            tells_noise: whether every example says how noisy it is.

        Raises:
            UserError: where it would not.
        """

    def normalised(self, problem: P) -> tuple[P, Tensor]:
        """Return the problem at the scale that the method knows, and what its image must be multiplied with."""
        normalised, scale = problem.normalised(self.dimensions)
        if not self.own_scale:
            return normalised, scale
        size = float(scale.abs().max())
        if size == 0:
            return normalised, scale
        if not 0.1 < size < 10:
            text = f"these weights know images of maximum 1, this one has {size:.2g}: scaled"
            warnings.warn(Note(text), stacklevel=3)
            return normalised, scale
        return problem, (scale != 0).to(scale.dtype)

    def forward(self, problem: Problem) -> Tensor:
        """Return the image, on the scale of the data."""
        normalised, scale = self.normalised(problem)
        x = normalised.zero_filled
        for x in self.estimates(normalised):  # noqa: B007 - the last is the answer
            pass
        return x * scale
