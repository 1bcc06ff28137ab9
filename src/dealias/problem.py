"""The noun: what was measured, and how. data = operator(x) + noise."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import cached_property
from typing import TypeVar

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.header import Header
from dealias.linear_operator import LinearOperator
from dealias.shapes import FILM as FILM
from dealias.shapes import IMAGE as IMAGE

P = TypeVar("P", bound="Problem")  # not Self, which beartype does not check under the import hook


class Problem(ABC):
    """An immutable linear inverse problem; a subclass is a frozen dataclass whose tensors share leading axes.

    Every tensor field has the same number of leading batch axes, of size 1 where it is shared.

    Arguments:
        noise_std: standard deviation of the real part of one sample of the data; None where unknown.
        header: what a result must carry along.
        axes: names of the trailing axes of the image that make one problem: ("y", "x") an image,
            ("time", "y", "x") a film, ("z", "y", "x") a volume.
    """

    noise_std: Tensor | None
    header: Header
    axes: tuple[str, ...]

    @property
    @abstractmethod
    def data(self) -> Tensor:
        """What was measured."""

    @property
    @abstractmethod
    def operator(self) -> LinearOperator:
        """The map from an image to noiseless data."""

    @abstractmethod
    def scaled(self: P, factor: Tensor) -> P:
        """Return the problem whose solution is `factor` times this one's; factor (*batch, 1, 1)."""

    @property
    def shape(self) -> torch.Size:
        """The shape of the image."""
        return self.zero_filled.shape

    @property
    def coupled(self) -> int:
        """How many trailing axes of the image the operator couples."""
        return self.operator.coupled

    @property
    def spatial(self) -> int:
        """How many trailing axes of the image are of space, so that neighbours along them are alike."""
        return self.coupled

    @property
    def support(self) -> Tensor | None:
        """Which pixels (*batch, y, x) were seen at all, as booleans; None where all were. Elsewhere images are zero."""
        return None

    @cached_property
    def zero_filled(self) -> Tensor:
        """The adjoint of the data: the image in which what was not measured is zero."""
        return self.operator.adjoint(self.data)

    @property
    def noise_level(self) -> Tensor | None:
        """The largest noise_std of each problem's samples (*batch, 1, 1), size 1 where shared; None where unknown."""
        if self.noise_std is None:
            return None
        coupled = self.coupled
        level = self.noise_std.flatten(len(self.shape) - coupled).amax(-1)
        return level.reshape(*level.shape, *(1,) * coupled)

    def gradient(self, x: Tensor) -> Tensor:
        """Return A^H (A x - y), the gradient of the squared residual's half; never divided by the noise."""
        return self.operator.normal(x) - self.zero_filled

    def normalised(self: P, together: int = 0) -> tuple[P, Tensor]:
        """Return the problem at scale one, and the number per problem that its image must be multiplied with.

        That number is the largest magnitude of A^H y times the phase of sum x|x| over x = A^H y (for a real
        problem the magnitude alone): an image comes out upright in the complex plane and of order one. It is zero
        where A^H y is, of which nothing is known: a network's biases alone would make an image there.

        Arguments:
            together: trailing axes of the image that share their number, if more than the problem's own.
        """
        x = self.zero_filled
        axes = tuple(range(-max(len(self.axes), together), 0))
        size, turn = size_and_phase(x, axes)
        divisor = torch.where(size == 0, 1, size)
        return self.scaled(turn.conj() / divisor), turn * size

    def without_linear_phase(self: P, together: int = 0) -> tuple[P, Tensor | None]:
        """Return the problem without a linear phase of its image, and the phase that its image must be multiplied with.

        That is None where nothing is known of one.

        Arguments:
            together: trailing axes of the image that share their phase, if more than the problem's own.
        """
        return self, None

    def to(self: P, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> P:
        """Return the problem on a device and in a precision: `dtype` is torch.float32 or torch.float64."""

        def move(value: Tensor) -> Tensor:
            if dtype is None or not (value.is_complex() or value.is_floating_point()):
                return value.to(device=device)
            return value.to(device=device, dtype=dtype.to_complex() if value.is_complex() else dtype)

        return replace(self, **{name: move(value) for name, value in self._tensors().items()})  # type: ignore[type-var]

    def __getitem__(self: P, index: int | tuple[int, ...]) -> P:
        """Return one problem of a batch; an axis of size 1 is shared by all. The header's slices are the first axis."""
        places = index if isinstance(index, tuple) else (index,)
        lead = self.shape[: -len(self.axes)]
        if len(places) > len(lead) or any(not -n <= i < n for i, n in zip(places, lead, strict=False)):
            raise IndexError(f"no problem {index} in a batch of shape {tuple(lead)}")
        chosen = {}
        for name, value in self._tensors().items():
            for i in places:
                value = value[0] if value.shape[0] == 1 else value[i]
            chosen[name] = value
        header = self.header
        if places and header.stacked:
            header = replace(header.of_slices(places[0] % lead[0]), stacked=False)
        return replace(self, **chosen, header=header)  # type: ignore[type-var]

    @classmethod
    def stack(cls: type[P], problems: Sequence[P]) -> P:
        """Return problems of one shape as one batch, along a new first axis."""
        columns = [problem._tensors() for problem in problems]
        if any(column.keys() != columns[0].keys() for column in columns):
            raise UserError("some of these problems have maps or a noise level and others not; make them alike first")
        together = {name: torch.stack([column[name] for column in columns]) for name in columns[0]}
        return replace(problems[0], **together, header=replace(problems[0].header, stacked=True))  # type: ignore[type-var]

    def _tensors(self, but: str = "") -> dict[str, Tensor]:
        names = [field.name for field in fields(self) if field.name != but]  # type: ignore[arg-type]
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if isinstance(value, Tensor)}


def size_and_phase(x: Tensor, axes: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return the largest magnitude along some axes, which are kept, and the phase of sum x|x|: one where that is zero.

    Of a real x the phase is one.
    """
    size = x.abs().amax(axes, keepdim=True)
    if not x.is_complex():
        return size, torch.ones_like(size)
    upright = x / torch.where(size == 0, 1, size)
    turn = (upright * upright.abs()).sum(axes, keepdim=True)
    length = turn.abs()
    return size, torch.where(length == 0, 1, turn / torch.where(length == 0, 1, length))
