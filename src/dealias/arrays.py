"""Arrays of users and files as this machine and PyTorch hold them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dealias.errors import UserError


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
    return np.array(array, dtype=widest if kind.itemsize > widest.itemsize else kind, order="C")
