"""The numbers of a header beside the arrays of a file: to be written as they are, read where they are sound."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dealias.header import Header

SHAPES = {"voxel_size": (3,), "matrix": (2,), "directions": (3, 3), "position": (3,)}


def numbers_of(header: Header) -> dict[str, Any]:
    """Return the geometry that a header knows, by name."""
    return {name: getattr(header, name) for name in SHAPES if getattr(header, name) is not None}


def header_of(stored: Mapping[str, Any], text: dict[str, str]) -> Header:
    """Return the header that a file's numbers make; another tool may mean something else by a name."""
    return Header(text=text, **{name: _tuples(stored[name], name) for name in SHAPES if name in stored})


def _tuples(stored: Any, name: str) -> Any:
    shape, kinds = SHAPES[name], "iu" if name == "matrix" else "fiu"
    value = np.asarray(stored)
    value = value.reshape(shape) if value.shape == (1, *shape) else value  # MATLAB's rows
    if value.shape != shape or value.dtype.kind not in kinds or not np.isfinite(value).all():
        return None
    sound = {"matrix": 1, "voxel_size": np.finfo(np.float32).tiny}.get(name, -np.inf)
    if value.min() < sound or (name == "directions" and not _are_directions(value)):
        return None
    rows = value.tolist()
    return tuple(map(tuple, rows)) if value.ndim > 1 else tuple(rows)


def _are_directions(rows: NDArray[Any]) -> bool:
    """Whether rows are unit vectors at right angles."""
    return bool(np.allclose(rows @ rows.T, np.eye(3), atol=0.01))
