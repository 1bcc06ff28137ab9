"""What is made of arguments and remembers them, so that a card can make it again."""

import inspect
from typing import Any, TypeVar

import torch
from torch import nn

C = TypeVar("C", bound="Configured")


class Configured(nn.Module):
    """A module whose constructor is its configuration; `Method` and `Prior` are its only children.

    Arguments:
        arguments: what the constructor was given, defaults included.
    """

    arguments: dict[str, Any]

    def __new__(cls: type[C], *args: Any, **kwargs: Any) -> C:
        """Remember the constructor's arguments."""
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

    def with_arguments(self: C, **arguments: Any) -> C:
        """Return the same with other arguments, which change no weight's shape; it shares the weights."""
        with torch.device("meta"):  # draws no random numbers
            other = type(self)(**{**self.arguments, **arguments})
        other.load_state_dict(self.state_dict(), assign=True)
        return other.train(self.training)
