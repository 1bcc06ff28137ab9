"""What a recurrent unit does at every pixel once its convolutions are done.

    relu: h' = max(0, a + b)
    gru:  r, z = sig(a + b),  n = tanh(a + r b),  h' = z h + (1 - z) n
    lstm: i, f, o = sig(a + b),  c' = f c + i tanh(a + b),  h' = o tanh(c')

a is what drives the unit, b what its own last state contributes; each gate has its own channels of both.

| Learning Phrase Representations using RNN Encoder-Decoder (Cho et al., 2014), section 2.3
| https://arxiv.org/abs/1406.1078
| Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting (Shi et al., 2015), equation 3
| https://arxiv.org/abs/1506.04214

The reset gate acts on b, after its convolution: so all of b is one convolution of what is known already.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

from torch import Tensor

CellName: TypeAlias = Literal["relu", "gru", "lstm"]
State: TypeAlias = tuple[Tensor, ...]  # its first part is what others see
Cell: TypeAlias = Callable[[Tensor, Tensor | None, State | None], State]

GATES: dict[CellName, int] = {"relu": 1, "gru": 3, "lstm": 4}


def relu(a: Tensor, b: Tensor | None, state: State | None) -> State:
    """Return the next state; what it is given is overwritten."""
    return ((a if b is None else b.add_(a)).relu_(),)


def gru(a: Tensor, b: Tensor | None, state: State | None) -> State:
    """Return the next state; None where it was zero."""
    ar, az, an = a.chunk(3, 1)
    if b is None or state is None:
        return ((1 - az.sigmoid()) * an.tanh(),)
    br, bz, bn = b.chunk(3, 1)
    n = (an + (ar + br).sigmoid() * bn).tanh()
    return (n + (az + bz).sigmoid() * (state[0] - n),)


def lstm(a: Tensor, b: Tensor | None, state: State | None) -> State:
    """Return the next output and cell; None where they were zero."""
    i, f, o, g = (a if b is None else a + b).chunk(4, 1)
    c = i.sigmoid() * g.tanh()
    if state is not None:
        c = c + f.sigmoid() * state[1]
    return o.sigmoid() * c.tanh(), c


SUMS: frozenset[CellName] = frozenset({"relu", "lstm"})  # which only see a + b: it may come as a, and b as None
CELLS: dict[CellName, Cell] = {"relu": relu, "gru": gru, "lstm": lstm}
