"""How methods take a prior: by its weights, or by the arguments of a random one."""

from typing import Any, TypeVar

from dealias.cards import load_prior
from dealias.configure import configure
from dealias.errors import UserError
from dealias.method import Method
from dealias.prior import Prior

Kind = TypeVar("Kind", bound=Prior)


def prior_of(method: Method, kind: type[Kind], given: str | dict[str, Any]) -> Kind:
    """Return a prior of a kind, from a weight file, a shipped weight, or its arguments as a card has them.

    The method remembers these arguments: a card of it has the prior's weights, and needs no other file.

    Raises:
        UserError: for weights of another kind.
    """
    loaded = load_prior(given) if isinstance(given, str) else configure(kind, given)
    if not isinstance(loaded, kind):
        name = kind.__name__.lower()
        raise UserError(f"{given} holds weights of {type(loaded).__name__}; give those of a {name} prior")
    method.arguments["prior"] = loaded.arguments
    return loaded
