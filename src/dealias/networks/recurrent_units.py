"""Convolutional units that remember: over the iterations of a reconstruction, and over the frames of a film.

    CRNN-i:      H^(i)_t = cell(W_l * in_t + B, W_i * H^(i-1)_t)
    BCRNN-t-i:   H^(i)_t = sum over both directions of time of
                 h_t = cell(W_l * in_t + W_i * H^(i-1)_t + B, W_t * h_{t-1}),  from t+1 backwards

| Convolutional Recurrent Neural Networks for Dynamic MR Image Reconstruction (Qin et al., 2019), section III
| https://arxiv.org/abs/1712.01751

What does not recur over time is convolved once, for both directions; a state that is None is zero and costs nothing.
"""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from dealias.networks.cells import CELLS, GATES, SUMS, CellName, State
from dealias.networks.winograd import convolved
from dealias.shapes import Channels


class IterationUnit(nn.Module):
    """CRNN-i: one unit over iterations, all frames alike.

    Arguments:
        inputs: channels of the input.
        features: channels of the state.
        cell: what it does at every pixel.
    """

    def __init__(self, inputs: int, features: int, cell: CellName = "relu") -> None:
        super().__init__()
        self.cell, self.sums = CELLS[cell], cell in SUMS
        self.input = nn.Conv2d(inputs, GATES[cell] * features, 3, padding=1)
        self.iteration = nn.Conv2d(features, GATES[cell] * features, 3, padding=1, bias=False)
        initialise(self.input, self.iteration)

    def forward(self, x: Channels, state: State | None) -> State:
        """Return the state of this iteration, given that of the last."""
        a = self.input, x
        if state is None:
            return self.cell(convolved(a), None, None)
        b = self.iteration, state[0]
        return self.cell(convolved(a, b), None, state) if self.sums else self.cell(convolved(a), convolved(b), state)


class TimeUnit(nn.Module):
    """BCRNN-t-i: one unit over iterations and, in both directions with the same weights, over time.

    Arguments:
        inputs: channels of the input.
        features: channels of the state.
        cell: what it does at every pixel.
    """

    def __init__(self, inputs: int, features: int, cell: CellName = "relu") -> None:
        super().__init__()
        self.cell = CELLS[cell]
        self.input = nn.Conv2d(inputs, GATES[cell] * features, 3, padding=1, bias=False)
        self.iteration = nn.Conv2d(features, GATES[cell] * features, 3, padding=1, bias=False)
        self.time = nn.Conv2d(features, GATES[cell] * features, 3, padding=1, bias=False)
        self.bias = nn.Parameter(torch.zeros(2, GATES[cell] * features))
        initialise(self.input, self.iteration, self.time)

    def forward(self, batches: Sequence[Tensor], last: Sequence[Tensor] | None, problems: int) -> list[Tensor]:
        """Return what both directions remember of each frame.

        Arguments:
            batches: one or more frames each, in the order of time: (frame * problem, channel, y, x).
            last: what this returned in the last iteration, in the same batches; None at first.
            problems: films side by side.
        """
        if last is None:
            driven = [convolved((self.input, x)) for x in batches]
        else:
            driven = [convolved((self.input, x), (self.iteration, h)) for x, h in zip(batches, last, strict=True)]
        frames = [frame for batch in driven for frame in batch.split(problems)]
        forwards = self._remembered(frames, self.bias[0])
        backwards = self._remembered(frames[::-1], self.bias[1])
        return [f + b for f, b in zip(forwards, reversed(list(backwards)), strict=True)]

    def _remembered(self, frames: Sequence[Tensor], bias: Tensor) -> Iterator[Tensor]:
        state: State | None = None
        for a in frames:
            b = None if state is None else convolved((self.time, state[0]))
            state = self.cell(a + bias.to(a.dtype)[:, None, None], b, state)
            yield state[0]


def initialise(*convolutions: nn.Conv2d | nn.Conv3d) -> None:
    """Draw the weights of convolutions whose results add up, so that the variance of a ReLU unit stays.

    | Delving Deep into Rectifiers (He et al., 2015), equation 10 | https://arxiv.org/abs/1502.01852
    """
    connections = sum(convolution.weight[0].numel() for convolution in convolutions)
    for convolution in convolutions:
        nn.init.normal_(convolution.weight, std=math.sqrt(2 / connections))
        if convolution.bias is not None:
            nn.init.zeros_(convolution.bias)
