"""The options --maps, --whiten and --compress: what is done to the coils of a scan before anything else."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

    from dealias.acquisition import Acquisition


@dataclass(frozen=True)
class Coils:
    """What is done to the coils of every scan; the files that a user named are read once.

    Arguments:
        maps: as `dealias.reconstruct` takes them. Those of a file belong to the measured coils, and follow them
            through whitening and compression.
        whiten: whether the coils' noise is made white.
        noise: by which noise (coil, sample); None estimates it.
        compress: to how many virtual coils.
    """

    maps: "Tensor | Literal['auto'] | None"
    whiten: bool
    noise: "Tensor | None"
    compress: int | None

    @classmethod
    def of(cls, maps: str, whiten: str | None, compress: int | None) -> "Coils":
        """Return what the texts that a user gave mean."""
        from dealias.files.formats.npy import tensor

        noise = None if whiten in (None, "auto") else tensor(str(whiten))
        return cls(named_maps(maps), whiten is not None, noise, compress)

    def prepared(self, scan: "Acquisition") -> "Acquisition":
        """Return a scan with coils as the options want them; maps are estimated later, where they are "auto"."""
        from dealias import coils

        if not isinstance(self.maps, str):
            scan = scan.with_maps(self.maps)
        if self.whiten:
            scan = coils.whiten(scan, self.noise)
        return scan if self.compress is None else coils.compress(scan, self.compress)


def named_maps(maps: str) -> "Tensor | Literal['auto'] | None":
    """Return what `dealias.reconstruct` takes for the text of --maps: auto, none, or a file that holds them."""
    from dealias.files.coil_maps import read_maps

    if maps == "auto":
        return "auto"
    return None if maps == "none" else read_maps(maps)
