"""What methods decide about each problem, such as a weight or a regularisation, for whoever listens.

A method that looks at the data before it chooses says what it chose; `reconstruct` returns images alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

Decision = Mapping[str, float]

_heard: ContextVar[list[Decision] | None] = ContextVar("decisions", default=None)


@contextmanager
def decisions() -> Iterator[list[Decision]]:
    """Give a list that fills with a mapping of names to numbers for each problem, in their order.

    with decisions() as found:
        image = dealias.reconstruct("stacked", scan)
    found[3]  # of slice 3: {"weight_wavelet": 0.31, "weight_rim": 0.2, "weight_modl": 0.49}

    NaN is what a method does by itself.
    """
    found: list[Decision] = []
    token = _heard.set(found)
    try:
        yield found
    finally:
        _heard.reset(token)


def decided(values: Sequence[Decision]) -> None:
    """Say what was decided about each problem of a batch."""
    listener = _heard.get()
    if listener is not None:
        listener.extend(values)
