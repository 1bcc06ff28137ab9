"""The verb: a method turns a problem into a sequence of ever better images."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from dealias.errors import UserError
from dealias.problem import Problem


class Method(nn.Module, ABC):
    """A reconstruction method; its constructor is its configuration.

    Arguments:
        dimensions: trailing axes of the image that it treats as one problem: 2 an image, 3 a film or volume.
        iterations: how many estimates it yields.
        arguments: what the constructor was given.
    """

    dimensions: ClassVar[int] = 2
    iterations: int
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

    def forward(self, problem: Problem) -> Tensor:
        """Return the image, on the scale of the data."""
        normalised, scale = problem.normalised(self.dimensions)
        x = normalised.zero_filled
        for x in self.estimates(normalised):  # noqa: B007 - the last is the answer
            pass
        return x * scale
