"""Arrays of users and files as this machine and PyTorch hold them."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from dealias.errors import UserError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def numbers(value: Any, name: str) -> NDArray[Any]:
    """Return an array in memory of its own, whatever its byte order, strides or width were.

    Arguments:
        value: anything that NumPy understands.
        name: what a complaint calls it.

    Raises:
        UserError: where it holds no numbers.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise UserError(f"{name} has rows of different lengths; give an array of numbers") from None
    if array.dtype.kind not in "cfiub":
        raise UserError(f"{name} holds {array.dtype}, not numbers; give an array of numbers")
    widest = {"c": np.dtype(np.complex128), "f": np.dtype(np.float64)}.get(array.dtype.kind, array.dtype)
    kind = array.dtype.newbyteorder("=")
    if kind.kind == "u" and kind.itemsize > 1:  # of which PyTorch computes with none
        kind = np.dtype(np.float64 if kind.itemsize > 4 else np.int64)
        return np.array(array, dtype=kind, order="C")
    return np.array(array, dtype=widest if kind.itemsize > widest.itemsize else kind, order="C")


def numpy_too(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let a function of tensors take NumPy arrays as well, and return arrays where it was given one.

    Float64 and complex128 arrays stay in double precision. NumPy's random generator counts as an array: what is
    drawn then comes from a generator of PyTorch, seeded by its next number.
    """

    @wraps(function)
    def either(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        if not any(isinstance(value, np.ndarray | np.random.Generator) for value in (*args, *kwargs.values())):
            return function(*args, **kwargs)
        result: Any = function(
            *(_tensor(value) for value in args),
            **{name: _tensor(value) for name, value in kwargs.items()},
        )
        return _array(result)

    return either


def _tensor(value: Any) -> Any:
    if isinstance(value, np.random.Generator):
        return torch.Generator().manual_seed(int(value.integers(2**63)))
    return torch.from_numpy(numbers(value, "the array")) if isinstance(value, np.ndarray) else value


def _array(result: Any) -> Any:
    if isinstance(result, tuple):
        return tuple(_array(part) for part in result)
    return result.numpy(force=True) if isinstance(result, torch.Tensor) else result
