"""From a file to an acquisition; what a file is, its content says, never its extension."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.files.foreign import known_elsewhere
from dealias.files.maps_axes import fitted
from dealias.files.recognition import about, check_exists, formats, recognise
from dealias.files.wanted import Wanted
from dealias.kind import WrongKind, kind_of


def open(
    path: str | PathLike[str],
    *,
    key: str | None = None,
    axes: str | Sequence[str] | None = None,
    slices: int | slice | str | None = None,
    mask: Literal["apply", "ignore"] | None = None,
    conjugate: bool | None = None,
    maps: Any = None,
    whiten: bool = True,
) -> Acquisition:
    """Return the acquisition that a file holds, told by its content.

    ISMRMRD raw data (whitened by their noise scan), fastMRI's HDF5, BART's `.cfl`, MATLAB's `.mat`, `.npy`, `.npz`.

    Arguments:
        path: a file of any name; either file of BART's pair.
        key: the array that is k-space, where the file does not name one `kspace`; of raw data the dataset.
        axes: names of the axes of k-space, such as "slice time coil y x", where its shape alone cannot tell;
            as the file's own software counts them, MATLAB "y x coil". BART's and raw data know theirs.
            Mask and maps lie in the order slice, time, coil, y, x whatever this says.
        slices: which slices to read, counted from 0: 3, slice(3, 7) or "3:7". One slice keeps its axis.
        mask: what to do with a mask that leaves out samples which the file holds: "apply" keeps what it samples,
            "ignore" keeps all; None refuses such a file.
        conjugate: whether to take the complex conjugate of raw data, which turns the image around. None does so
            for Siemens' scanners, whose directions count against the transform.
        maps: coil maps (coil, y, x) or (slice, coil, y, x) of the measured coils, also with these axes in another
            order where sizes tell it; they follow the whitening.
        whiten: whether a noise scan in raw data makes the coils white: the image is in units of the noise then.

    Raises:
        UserError: where the file is missing, damaged, ambiguous or no measurement; one line, path first.
    """
    path = Path(path)
    with about(path):
        path = check_exists(path)
        if path.is_dir():
            raise UserError("is a folder; open one of the files in it")
        module = recognise(path)
        if module is None or not hasattr(module, "read"):
            other = None if module else known_elsewhere(path)
            if other:
                raise UserError(f"is in no known format ({other[0]}); {other[1]}")
            found = f"is {module.title}, which holds no k-space" if module else "is in no known format"
            known = ", ".join(reader.title for reader in formats("read"))
            raise UserError(f"{found}; dealias opens {known}")
        if mask not in (None, "apply", "ignore"):
            raise UserError(f'mask cannot be \'{mask}\'; give "apply" or "ignore"')
        wanted = Wanted(key, axes, slices, mask, conjugate, maps, whiten)
        acquisition: Acquisition = module.read(path, wanted)
        told = key is not None or "coil" in (axes or ()) or not hasattr(module, "images")
        if not told and kind_of(acquisition.kspace) == "images":
            raise WrongKind(
                "holds images, not k-space; `dealias undersample --images` simulates a scan of them; "
                "if it is k-space all the same, name its axes: --axes 'coil y x'"
            )
        if maps is not None and not hasattr(module, "whitens"):
            acquisition = acquisition.with_maps(fitted(maps, acquisition))
        return acquisition
