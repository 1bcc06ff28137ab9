"""Which axis of a stored array is which, and which of its slices are wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dealias.acquisition import Acquisition
from dealias.errors import UserError, suggest
from dealias.header import Header
from dealias.problem import FILM, IMAGE

ORDER = ("slice", "batch", "time", "coil", "y", "x")


@dataclass(frozen=True)
class Layout:
    """The axes of a stored k-space by name, and the slices to take; out comes (slice, [time,] coil, y, x).

    Arguments:
        count: how many slices the file holds; 0 where it has no such axis.
        wanted: those to take.
        frames: how many it holds; 0 where it has no such axis.
    """

    axes: tuple[str, ...]
    count: int
    wanted: slice
    frames: int = 0

    @classmethod
    def of(cls, shape: tuple[int, ...], axes: str | Sequence[str], slices: int | slice | str | None) -> "Layout":
        """Return the layout of an array of this shape.

        Raises:
            UserError: where the names do not fit the shape, or no such slice exists.
        """
        names = tuple(axes.replace(",", " ").split()) if isinstance(axes, str) else tuple(axes)
        for name in names:
            if name not in ORDER:
                raise UserError(f"--axes names an axis '{name}'{suggest(name, ORDER)}")
        single = [name for name in names if name != "batch"]
        if len(names) != len(shape) or len(set(single)) != len(single) or not {"y", "x"} <= set(names):
            raise UserError(
                f"k-space has {len(shape)} axes {shape}, --axes names '{' '.join(names)}'; "
                "name each axis once, y and x among them, such as 'slice time coil y x'"
            )
        if 0 in shape:
            raise UserError(f"k-space is empty: its axes '{' '.join(names)}' have sizes {shape}; write it again")
        count = shape[names.index("slice")] if "slice" in names else 0
        frames = shape[names.index("time")] if "time" in names else 0
        return cls(names, count, chosen(slices, count), frames)

    @property
    def image_axes(self) -> tuple[str, ...]:
        """The axes of the image that make one problem."""
        return FILM if "time" in self.axes else IMAGE

    @property
    def slice_axis(self) -> int | None:
        """Which axis is that of slices; None where there is none."""
        return self.axes.index("slice") if self.count else None

    @property
    def index(self) -> tuple[slice, ...]:
        """What to read of the stored array."""
        return tuple(self.wanted if name == "slice" else slice(None) for name in self.axes)

    def arranged(self, kspace: NDArray[Any]) -> NDArray[Any]:
        """Return k-space, of which `index` was read, as (slice, [time,] coil, y, x)."""
        order = sorted(range(len(self.axes)), key=lambda axis: ORDER.index(self.axes[axis]))
        kspace = kspace.transpose(order)
        return kspace if "coil" in self.axes else np.expand_dims(kspace, -3)

    def mask(self, mask: NDArray[Any]) -> NDArray[Any]:
        """Return a stored mask with an axis for the coils: (x), (y, x), (slice, y, x), (time, y, x) or both of them.

        Three axes of which the first could be slices as well as frames are taken for slices.
        """
        axes = self._arranged_axes
        if self.count and mask.ndim == 3 and mask.shape[0] == self.frames != self.count:
            mask = np.expand_dims(mask, 0)
        if mask.ndim > 2 and mask.ndim < axes:
            mask = np.expand_dims(mask, -3)
            while mask.ndim < axes:
                mask = np.expand_dims(mask, 1)
        return self._taken(mask, "mask", self._arranged_axes)

    def maps(self, maps: NDArray[Any]) -> NDArray[Any]:
        """Return maps (coil, y, x) or (slice, coil, y, x), of all slices or the wanted ones, as those of these."""
        if maps.ndim > 3 and maps.shape[0] != len(range(self.count)[self.wanted]):
            maps = self._taken(maps, "maps", axes=4)
        return np.expand_dims(maps, 1) if 3 < maps.ndim < self._arranged_axes else maps

    def maps_wanted(self, maps: Any, shape: tuple[int, ...]) -> Any:
        """Return what is read of stored maps: the wanted slices, where their sizes tell which axis is that of slices.

        Arguments:
            shape: that of the stored k-space.
        """
        one = tuple(shape[self.axes.index(name)] if name in self.axes else 1 for name in ("coil", "y", "x"))
        told = tuple(maps.shape[-3:]) == one and self.count not in one
        return self._taken(maps, "maps", axes=4) if told else maps[()]

    def noise_std(self, noise_std: NDArray[Any]) -> NDArray[Any]:
        """Return a stored standard deviation: a number, or with as many axes as k-space."""
        return self._taken(noise_std, "noise_std", self._arranged_axes)

    def header(self, header: Header) -> Header:
        """Return the header of the wanted slices."""
        return header.of_slices(self.wanted.start or 0, self.wanted.step or 1)

    @property
    def _arranged_axes(self) -> int:
        return len(self.axes) + ("coil" not in self.axes)

    def _taken(self, value: Any, name: str, axes: int) -> Any:
        """Return the wanted slices of a value that has so many axes, or more; all of another."""
        if not self.count or value.ndim < axes or value.shape[0] == 1:
            return value if isinstance(value, np.ndarray) else value[()]
        if value.shape[0] != self.count:
            raise UserError(f"the {name} has {value.shape[0]} slices, k-space {self.count}; give as many")
        return value[self.wanted]


def axes_of(acquisition: Acquisition) -> tuple[str, ...]:
    """Return the names of an acquisition's axes as the files that we write hold them."""
    last = ("time", "coil", "y", "x") if "time" in acquisition.axes else ("coil", "y", "x")
    batch = acquisition.kspace.ndim - len(last)
    return (*(("slice", *("batch",) * (batch - 1)) if batch else ()), *last)


def chosen(slices: int | slice | str | None, count: int) -> slice:
    """Return the wanted ones of `count` slices: 3, slice(3, 7), "3" or "3:7"; None is all.

    Raises:
        UserError: where nothing is chosen, or a slice that does not exist.
    """
    if slices is None:
        return slice(None)
    wrong = UserError(f"slices '{slices}' are not a number or a range; write 3 or 3:7")
    if isinstance(slices, str):
        try:
            parts = [int(part) if part.strip() else None for part in slices.split(":")]
        except ValueError:
            raise wrong from None
        if len(parts) > 3 or parts == [None]:
            raise wrong
        slices = slice(*parts) if len(parts) > 1 else int(parts[0] or 0)
    if not count:
        raise UserError("there is no axis of slices to choose from; leave slices out or name it with --axes")
    if not isinstance(slices, slice):
        if not -count <= slices < count:
            raise UserError(f"there is no slice {slices}; choose one from 0 to {count - 1}")
        slices = slice(slices % count, slices % count + 1)
    if (slices.step is not None and slices.step < 1) or not range(count)[slices]:
        raise UserError(f"slices choose none of {count}; count upwards, from 0 to {count - 1}")
    return slice(*slices.indices(count))
