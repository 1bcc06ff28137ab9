"""CRNN-MRI: a film by a network that remembers over its frames and over its own iterations.

    x_rnn = x^(i-1) + CRNN(x^(i-1)),  x^(i) = argmin_z ||z - x_rnn||^2 + lambda_0 ||A z - y||^2,  x^(0) = A^H y

| Convolutional Recurrent Neural Networks for Dynamic MR Image Reconstruction (Qin et al., 2019), equations 4-6
| https://arxiv.org/abs/1712.01751

CRNN is five units of 3x3 convolutions: BCRNN-t-i, three CRNN-i, and a convolution to the update. Proposed-A has
64 features, Proposed-B 128.

Parameters: the equations have 8 F^2 9 weights between features, 2 * 2 F 9 from and to the image, and biases:
two of the unit over time, one for each direction, one of each other unit. That is 297,538 for A and 1,184,898 for B.
The paper prints 262,020 and 1,040,132, which is 7 F^2 9 + 3 * 2 F 9 + 8 F + 4: one convolution between features
fewer and one of the image more than its equations name; which layout that was it does not say. The authors' public
model has 297,794: a bias for every convolution, 192 + 384 + 2 of them, which only act by their sums.

A film that aliases along the other axis than the network learned is turned for it.

With `motion`, the paper's future work, the first unit sees beside each frame of x^(i-1) the one before and the one
after, moved onto it by displacements that a small network estimates from x^(i-1) itself, of
networks/motion_compensation.py. It is an option and no method of its own because nothing else differs: the loop, the
other units, the data.
"""

import warnings
from collections.abc import Iterator
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from dealias.errors import Note
from dealias.method import Method
from dealias.methods._aliasing_axis import turn_to_alias_along
from dealias.methods._checks import check_weight
from dealias.methods._data_consistency import data_consistency
from dealias.networks.cells import CellName
from dealias.networks.channels import check_channels, check_sizes, to_channels, to_image
from dealias.networks.motion_compensation import MotionCompensation
from dealias.networks.recurrent_units import IterationUnit, TimeUnit
from dealias.problem import P, Problem
from dealias.shapes import Channels

# what the units over time and over iterations gave for each batch of frames
_Memory: TypeAlias = tuple[list[Tensor], list[list[Any]]]


class CRNN(Method):
    """The film of the last iteration; any number of frames, iterations and pixels.

    Arguments:
        features: channels of each unit: 64 is the paper's Proposed-A, 128 its Proposed-B.
        iterations: all with the same weights; any number at run time.
        channels: real channels of an image: 2 where it is complex, 1 where it is real.
        data_weight: lambda_0, how much a measured sample outweighs the network's; None is infinite: it stays.
        cell: what each unit does; relu is the paper's.
        conjugate_gradients: iterations by which many coils are made to obey the data. On a cine with six simulated
            coils at 8x the authors' weights gave 26.6, 27.6 and 28.6 dB with 5, 10 and 20, with one coil 22.7; but
            rounding grows too, beyond 1e-5 of the maximum with 10.
        authors_conventions: the weights are its authors': films alias along y, the axis before the last, and
            data whose image has a maximum of about one are taken as they are.
        motion: whether the network sees the neighbours of each frame too, moved onto it.
    """

    joint = ("time",)

    def __init__(
        self,
        features: int = 64,
        iterations: int = 10,
        channels: int = 2,
        data_weight: float | None = None,
        cell: CellName = "relu",
        conjugate_gradients: int = 5,
        authors_conventions: bool = False,
        motion: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(features=features, iterations=iterations, channels=channels)
        check_weight(data_weight)
        self.iterations = iterations
        self.data_weight = data_weight
        self.conjugate_gradients = conjugate_gradients
        self.authors_conventions = authors_conventions
        self.learned = -2 if authors_conventions else -1
        self.motion = MotionCompensation() if motion else None
        self.over_time = TimeUnit(3 * channels if motion else channels, features, cell)
        self.units = nn.ModuleList(IterationUnit(features, features, cell) for _ in range(3))
        self.outwards = nn.Conv2d(features, channels, 3, padding=1)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def normalised(self, problem: P) -> tuple[P, Tensor]:
        """Return the problem at scale one; of its authors' weights as it is, if its image is of that order."""
        normalised, scale = super().normalised(problem)
        size = float(scale.abs().max())
        if not self.authors_conventions or size == 0:
            return normalised, scale
        if not 0.1 < size < 10:
            text = f"these weights know images of maximum 1, this one has {size:.2g}: scaled"
            warnings.warn(Note(text), stacklevel=3)
            return normalised, scale
        return problem, (scale != 0).to(scale.dtype)

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one film per iteration."""
        problem, other = turn_to_alias_along(problem, self.learned)
        x = problem.zero_filled
        check_channels(x, self.outwards.out_channels)
        films = x.shape[:-3].numel()
        memory: _Memory | None = None
        for _ in range(self.iterations):
            # time first: one frame of all films is one block
            frames = x.reshape(films, *x.shape[-3:]).transpose(0, 1)
            neighbours = () if self.motion is None else self.motion(frames)
            update, memory = self._block(to_channels(frames, *neighbours), films, memory)
            change = to_image(update, frames).transpose(0, 1).reshape(x.shape)
            x = data_consistency(problem, x + change, self.data_weight, self.conjugate_gradients)
            yield x.mT if other else x

    def _block(self, x: Channels, films: int, memory: _Memory | None) -> tuple[Channels, _Memory]:
        """Return the update of all frames, and what the units remember of this iteration."""
        # frame by frame the features stay in a CPU's cache; a GPU, and the way back, like all at once
        size = len(x) if x.is_cuda or torch.is_grad_enabled() else films
        batches = x.split(size)
        first, states = memory or (None, [[None] * len(self.units) for _ in batches])
        frames = self.over_time(batches, first, films)
        first = frames if size == films else [torch.cat(frames)]
        updates = []
        for seen, remembered in zip(first, states, strict=True):
            for k, unit in enumerate(self.units):
                remembered[k] = unit(seen, remembered[k])
                seen = remembered[k][0]
            updates.append(self.outwards(seen))
        return torch.cat(updates), (first, states)
