"""From the arrays of a file to an acquisition, whatever the format: which is k-space, and is it sound?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.centring_check import NUMPY_SHIFT, Shift
from dealias.errors import UserError, suggest
from dealias.files.axes import Layout
from dealias.files.maps_axes import fitted
from dealias.files.mask_axes import fitted_mask
from dealias.header import Header
from dealias.kind import WrongKind, kind_of
from dealias.numpy_bridge import numbers
from dealias.validation import validated_mask

TRAJECTORIES = ("traj", "trajectory", "ktraj", "coord", "coords")
OTHERS = (
    "image", "images", "maps", "mask", "reconstruction",
    "sens", "csm", "smaps", "coil_maps", "coil_sens", "sens_maps", "sensitivities",
    "acs", "calib", "calibration", "calibration_data", "noise",
)  # fmt: skip
PARTS = (("r", "i"), ("real", "imag"), ("re", "im"))


@dataclass(frozen=True)
class Stored:
    """What a file says of one of its arrays before it is read.

    Arguments:
        place: where in the file, where it says so: of one array with several names.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    place: int | None = None

    @property
    def complex(self) -> bool:
        """Whether the numbers are complex, in NumPy's way or as a pair of named parts."""
        return self.dtype.kind == "c" or in_parts(self.dtype)

    def __str__(self) -> str:
        kind = "complex pairs" if in_parts(self.dtype) else str(self.dtype)
        return f"{self.shape} {kind}"


def in_parts(dtype: np.dtype[Any]) -> bool:
    """Whether numbers are pairs of named parts, real and imaginary."""
    return tuple(name.lower() for name in dtype.names or ()) in PARTS


def choose(arrays: Mapping[str, Stored], key: str | None) -> str:
    """Return the name of the array that is k-space: the key, else `kspace`, else the only complex one.

    Raises:
        UserError: where there is none or more than one, or a trajectory beside it.
    """
    listing = ", ".join(f"{name} {array}" for name, array in arrays.items()) or "nothing"
    radial = [name for name in arrays if name.rpartition("/")[2].lower() in TRAJECTORIES]
    if radial:
        raise UserError(f"'{radial[0]}' is a trajectory: radial data are not supported yet; grid them first")
    if key is not None:
        if key.strip("/") not in arrays:
            raise UserError(f"there is no array '{key}'{suggest(key, arrays)}; name one with --key")
        return key.strip("/")
    if "kspace" in arrays:
        return "kspace"
    last = {name: name.rpartition("/")[2] for name in arrays}
    found = [name for name in arrays if last[name] == "kspace"]
    if not found:
        found = [n for n, a in arrays.items() if a.complex and len(a.shape) > 1 and last[n].lower() not in OTHERS]
    found = once(arrays, found)
    if len(found) == 1:
        return found[0]
    halves = [(name, name.replace("real", "imag")) for name in arrays if name.replace("real", "imag") != name]
    for real, imaginary in () if found else halves:
        if imaginary in arrays:
            text = f"'{real}' and '{imaginary}' are the parts of complex numbers"
            raise UserError(f"{text}; save them as one complex array 'kspace'")
    trouble = "several arrays could be k-space" if found else "there is no array 'kspace'"
    raise UserError(f"{trouble}; the file holds {listing}; name k-space with --key, its axes with --axes")


def sibling(arrays: Mapping[str, Any], name: str, part: str) -> str:
    """Return what the mask or maps are called that belong to an array: they lie in its own group, if there are any."""
    near = f"{name.rpartition('/')[0]}/{part}".lstrip("/")
    return near if near in arrays else part


def once(arrays: Mapping[str, Stored], names: Sequence[str]) -> list[str]:
    """Return the names without those that mean an array again."""
    places = {arrays[name].place if arrays[name].place is not None else name: name for name in reversed(names)}
    return sorted(places.values(), key=names.index)


def native(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return a stored array as this machine and PyTorch hold it, pairs of named parts as complex numbers.

    Raises:
        UserError: where it holds no numbers.
    """
    array = np.asarray(array)
    if array.dtype.names and in_parts(array.dtype) and all(array.dtype[n].kind in "fiu" for n in array.dtype.names):
        real, imaginary = (array[part] for part in array.dtype.names)
        array = combined(real, imaginary)
    return numbers(array, f"'{name}'")


def combined(real: NDArray[Any], imaginary: NDArray[Any]) -> NDArray[Any]:
    """Return complex numbers of their two parts, of the precision that these have, single at the least."""
    return real + np.multiply(imaginary, 1j, dtype=np.result_type(imaginary, np.complex64))


def as_images(array: NDArray[Any], name: str) -> Tensor:
    """Return stored images (..., y, x), real, complex or pairs (..., 2), as complex ones (..., y, x).

    Raises:
        WrongKind: where a complex array looks like k-space.
    """
    value = torch.from_numpy(array)
    if not value.is_complex():
        if value.ndim < 3 or value.shape[-1] != 2:
            return value.to(torch.complex64)
        value = torch.view_as_complex(value.to(torch.float32).contiguous())
    value = value.to(torch.complex64)
    if kind_of(value) == "k-space":
        raise WrongKind(f"{name} looks like k-space, not like images; reconstruct it first")
    return value


def together(stacks: Sequence[Tensor]) -> Tensor:
    """Return the images of a file (..., y, x): those of one array with its axes, of several one after the other."""
    return stacks[0] if len(stacks) == 1 else torch.cat([stack.reshape(-1, *stack.shape[-2:]) for stack in stacks])


@dataclass(frozen=True)
class Measured:
    """The arrays that a file holds of one scan, as they lie in it; of k-space the slices that are wanted.

    Arguments:
        maps: of the wanted slices, or of all where it was not clear which of their axes is that of slices.
        shift: what moves the centre of rows, columns or both from an edge to the middle, in the file's own software.
    """

    kspace: NDArray[Any]
    mask: NDArray[Any] | None = None
    maps: NDArray[Any] | None = None
    noise_std: NDArray[Any] | None = None
    header: Header = Header()
    shift: Shift = NUMPY_SHIFT

    def acquisition(self, layout: Layout, use: str | None = None) -> Acquisition:
        """Return the acquisition, its k-space checked to be centred.

        Arguments:
            use: what to do with a mask that leaves out samples which there are: "apply" or "ignore" it.

        Raises:
            UserError: where the arrays do not describe a measurement.
        """
        kspace = torch.from_numpy(native(layout.arranged(self.kspace), "kspace"))
        mask = None
        if self.mask is not None and use != "ignore":
            mask = layout.mask(fitted_mask(native(self.mask, "mask"), kspace.numpy(), layout.count))
            kspace = _masked(kspace, mask, use)
        acquisition = Acquisition.centred(
            kspace,
            mask,
            None,
            None if self.noise_std is None else layout.noise_std(native(self.noise_std, "noise_std")),
            layout.header(self.header),
            layout.image_axes,
            self.shift,
        )
        if self.maps is None:
            return acquisition
        maps = fitted(native(self.maps, "maps"), acquisition, layout.count, layout.wanted)
        return acquisition.with_maps(layout.maps(maps.numpy()))


def _masked(kspace: Tensor, mask: NDArray[Any], use: str | None) -> Tensor:
    """Return k-space (..., coil, y, x) of what a mask samples.

    Raises:
        UserError: where it holds more, and the mask is not to be applied.
    """
    inside = validated_mask(mask, kspace)
    outside = int(((kspace != 0).any(-3, keepdim=True) & ~inside).sum())
    if not outside:
        return kspace
    if use is None:
        places = ((kspace != 0).any(-3, keepdim=True)).sum()
        text = f"its mask leaves out {outside} of the {int(places)} places that k-space samples"
        raise UserError(f"{text}; --file_mask apply keeps what the mask samples, --file_mask ignore all")
    return kspace * inside
