"""The file name is the name: `--method rim` is the one public class of methods/rim.py.

There is no registry. Names are listed without importing anything; dotted paths name anyone's class.
"""

from collections.abc import Callable
from importlib import import_module
from inspect import isabstract
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dealias.errors import UserError, suggest

if TYPE_CHECKING:
    from dealias.configured import C
    from dealias.method import Method
    from dealias.prior import Prior


def names(room: str) -> list[str]:
    """Return the names in a room of the house, such as "methods", without importing them."""
    folder = Path(__file__).parent / room
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def method(name: str) -> "type[Method]":
    """Return the class of a method by its name, or of anyone's method by its dotted path.

    Raises:
        UserError: for a name that is not known, with the nearest one that is.
    """
    from dealias.method import Method

    return _kind(name, Method, "methods")  # type: ignore[type-abstract]


def prior(name: str) -> "type[Prior]":
    """Return the class of a prior by its name, or of anyone's prior by its dotted path.

    Raises:
        UserError: for a name that is not known, with the nearest one that is.
    """
    from dealias.prior import Prior

    return _kind(name, Prior, "priors")  # type: ignore[type-abstract]


def _kind(name: str, base: "type[C]", room: str) -> "type[C]":
    """Return the one public class of a file in a room, or the class that a dotted path names."""
    noun = base.__name__
    if "." in name:
        module, _, attribute = name.rpartition(".")
        found = getattr(_imported(module, name), attribute, None)
        if not (isinstance(found, type) and issubclass(found, base)) or isabstract(found):
            raise UserError(f"{name} is not a {noun.lower()}; give the dotted path of a subclass of dealias.{noun}")
        return found
    if name not in names(room):
        raise UserError(f"{noun.lower()} '{name}' is unknown{suggest(name, names(room))}")
    module_name = f"dealias.{room}.{name}"
    members = vars(import_module(module_name)).values()
    (found,) = [
        value
        for value in members
        if isinstance(value, type) and issubclass(value, base) and value.__module__ == module_name
    ]
    return found


def mask(name: str) -> Callable[..., Any]:
    """Return the function that draws the masks of a name.

    Raises:
        UserError: for a name that is not known, with the nearest one that is.
    """
    if name not in names("sampling"):
        raise UserError(f"mask '{name}' is unknown{suggest(name, names('sampling'))}")
    from dealias import sampling

    return getattr(sampling, name)


def loss(name: str) -> Callable[..., Any]:
    """Return what a training minimises by its name, or anyone's function of (estimates, example) by its dotted path.

    Raises:
        UserError: for a name that is not known, with the nearest one that is.
    """
    if "." in name:
        module, _, attribute = name.rpartition(".")
        found = getattr(_imported(module, name), attribute, None)
        if not callable(found):
            raise UserError(f"{name} is not a loss; give the dotted path of a function of (estimates, example)")
        return found
    known = names("training/losses")
    if name not in known:
        raise UserError(f"loss '{name}' is unknown{suggest(name, known)}")
    return getattr(import_module(f"dealias.training.losses.{name}"), name)


def _imported(module: str, name: str) -> ModuleType:
    try:
        return import_module(module)
    except (ImportError, ValueError, TypeError) as error:  # the latter for paths such as `.rim` and `..rim`
        raise UserError(
            f"{name} cannot be imported ({error}); correct the path, install its package or name its folder "
            "in PYTHONPATH"
        ) from None
