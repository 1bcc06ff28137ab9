"""The options --whiten and --compress: what is done to the coils before anything else."""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

    from dealias.acquisition import Acquisition


def noise_of(whiten: str | None) -> "Tensor | Literal['auto'] | None":
    """Return the noise samples (coil, sample) of the text that a user gave; "auto" are those of the scan itself."""
    if whiten is None or whiten == "auto":
        return "auto" if whiten else None
    from dealias.files.array import tensor

    return tensor(whiten)


def prepared(
    acquisition: "Acquisition",
    maps: "Tensor | Literal['auto'] | None",
    noise: "Tensor | Literal['auto'] | None",
    compress: int | None,
) -> "Acquisition":
    """Return the acquisition with maps that were given, which belong to the measured coils, whitened and compressed."""
    from dealias import coils

    if maps is not None and not isinstance(maps, str):
        acquisition = acquisition.with_maps(maps)
    if noise is not None:
        acquisition = coils.whiten(acquisition, None if isinstance(noise, str) else noise)
    return acquisition if compress is None else coils.compress(acquisition, compress)
