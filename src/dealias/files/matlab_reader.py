"""MATLAB files of version 4 to 7, read by SciPy: what `reader_process.py` does for `formats/matlab.py`."""

import warnings
from typing import Any

import numpy as np
from scipy.io import loadmat, whosmat

from dealias.files.reader_process import sealed

STRUCT = "struct"


def variables(path: str) -> list[tuple[str, tuple[int, ...], str]]:
    """Return name, shape and class of each variable."""
    with open(path, "rb") as file, sealed(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [(str(name), tuple(map(int, shape)), str(kind)) for name, shape, kind in whosmat(file)]


def values(path: str, names: list[str]) -> dict[str, Any]:
    """Return variables by name; of a struct its fields, as `struct/field`."""
    found: dict[str, Any] = {}
    with open(path, "rb") as file, sealed(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in loadmat(file, variable_names=names).items():
            if name in names:
                found |= _parts(name, value)
    return found


def _parts(name: str, value: Any, depth: int = 0) -> dict[str, Any]:
    if not isinstance(value, np.ndarray):
        return {}
    if not value.dtype.hasobject:
        return {name: value}
    if value.dtype.names is None or value.size != 1 or depth > 8:
        return {}
    parts: dict[str, Any] = {}
    for field in value.dtype.names:
        parts |= _parts(f"{name}/{field}", value.flat[0][field], depth + 1)
    return parts
