"""The options --maps, --sets, --whiten and --compress: what is done to the coils of a scan before anything else."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dealias.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from dealias.acquisition import Acquisition
    from dealias.files.stack import Stack
    from dealias.problem import Problem


@dataclass(frozen=True)
class Coils:
    """What is done to the coils of every scan.

    Arguments:
        maps: as `named_maps` returns them. Those of a file belong to the measured coils, and follow them through
            whitening and compression.
        whiten: whether the coils' noise is made white.
        noise: by which noise (coil, sample); None estimates it.
        compress: to how many virtual coils.
        sets: of maps, estimated where there are several.
    """

    maps: "Tensor | Path | Literal['auto'] | None"
    whiten: bool
    noise: "Tensor | None"
    compress: int | None
    sets: int = 1

    @classmethod
    def of(cls, maps: str, whiten: str | None, compress: int | None, sets: int = 1) -> "Coils":
        """Return what the texts that a user gave mean."""
        from dealias.files.given_arrays import read_noise

        if sets != 1 and maps != "auto":
            raise UserError(f"--sets {sets} estimates its maps; leave out --maps")
        noise = None if whiten in (None, "auto") else read_noise(str(whiten))
        return cls(named_maps(maps), whiten is not None, noise, compress, sets)

    def given(self, name: str, slices: slice | None = None) -> "Tensor | None":
        """Return the maps that a file holds for a scan, to open it with.

        Arguments:
            name: of the scan's file, below the folder that is the input.
            slices: of the scan, where maps differ from slice to slice; None is all.
        """
        maps = maps_of(self.maps, name, slices)
        return None if isinstance(maps, str) else maps

    def by_slice(self, name: str, count: int) -> bool:
        """Whether the maps of so many slices, if a file holds any, can be read some slices at a time."""
        from dealias.files.coil_maps import shape_of_maps
        from dealias.files.recognition import namesake

        if not isinstance(self.maps, Path):
            return True
        shape = shape_of_maps(namesake(self.maps, name))
        return len(shape) < 4 or (shape[0] == count and count not in shape[1:])  # else any axis may be that of slices

    def prepared(self, scans: "Stack[Acquisition]") -> "Stack[Acquisition]":
        """Return scans with coils as the options want them, which what all slices show decides.

        Maps are estimated later, where they are "auto".
        """
        from dealias import coils
        from dealias.coils.compress import covariance
        from dealias.coils.covariance import Covariance
        from dealias.coils.whiten import outer_noise

        if self.maps is None:
            scans = scans.map(lambda scan: scan.with_maps(None))
        if self.whiten:
            noise = Covariance.sum(scans.ahead(outer_noise)) if self.noise is None else self.noise
            scans = scans.map(partial(coils.whiten, noise=noise))
        if self.compress is not None:
            whole = Covariance.sum(scans.ahead(covariance))
            scans = scans.map(partial(coils.compress, coils=self.compress, whole=whole))
        return scans

    def problem(self, scan: "Acquisition") -> "Problem":
        """Return a prepared scan as the problem to solve: itself, or that of several sets of maps."""
        from dealias.soft_sense import SoftSense

        return scan if self.sets == 1 else SoftSense.of(scan, self.sets)

    def image(self, solution: "Tensor") -> "Tensor":
        """Return the image of the solution of `problem`."""
        from dealias.soft_sense import whole

        return solution if self.sets == 1 else whole(solution)


def named_maps(maps: str) -> "Tensor | Path | Literal['auto'] | None":
    """Return what the text of --maps means: auto, none, the maps that a file holds, or a folder of such files.

    A file whose maps differ from slice to slice is read later, some slices at a time.
    """
    from dealias.files.coil_maps import read_maps, shape_of_maps

    if maps == "auto":
        return "auto"
    if maps == "none":
        return None
    return Path(maps) if Path(maps).is_dir() or len(shape_of_maps(maps)) > 3 else read_maps(maps)


def maps_of(
    given: "Tensor | Path | Literal['auto'] | None", name: str, slices: slice | None = None
) -> "Tensor | Literal['auto'] | None":
    """Return the maps of one scan as `dealias.reconstruct` takes them; of a folder those of the same name."""
    from dealias.files.coil_maps import read_maps
    from dealias.files.recognition import namesake

    return read_maps(namesake(given, name), slices) if isinstance(given, Path) else given
