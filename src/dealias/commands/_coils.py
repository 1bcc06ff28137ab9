"""The options --maps, --whiten and --compress: what is done to the coils of a scan before anything else."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dealias.acquisition import Acquisition


def preparation(maps: str, whiten: str | None, compress: int | None) -> "Callable[[Acquisition], Acquisition]":
    """Return what prepares the coils of a scan; the files that a user named are read now, once.

    Maps that a file holds belong to the measured coils, and follow them through whitening and compression.
    """
    from dealias import coils
    from dealias.commands._maps import choose
    from dealias.files.given_arrays import read_noise

    given = choose(maps)
    noise = None if whiten in (None, "auto") else read_noise(str(whiten))

    def prepared(acquisition: "Acquisition") -> "Acquisition":
        if not isinstance(given, str):
            acquisition = acquisition.with_maps(given)
        if whiten is not None:
            acquisition = coils.whiten(acquisition, noise)
        return acquisition if compress is None else coils.compress(acquisition, compress)

    return prepared
