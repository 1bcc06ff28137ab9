"""What a faster scan would have measured."""

import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dealias.commands._files import each, folder_for, provenance

if TYPE_CHECKING:
    from torch import Tensor

    from dealias.acquisition import Acquisition


def run(
    input: str,
    output: str,
    *,
    acceleration: float,
    mask: str = "gaussian",
    mask_arguments: dict[str, Any] | None = None,
    per_slice: bool = False,
    noise: float = 0.0,
    key: str | None = None,
    axes: str | None = None,
    format: Literal["h5", "npy", "cfl", "mat"] = "h5",
    overwrite: bool = False,
    seed: int = 0,
) -> None:
    """Keep the samples of a file, or of a folder of files, that a faster scan would have measured.

    Arguments:
        input: a file with k-space, or a folder of such files
        output: the file to write (.h5, .npy, .cfl, .mat), or a folder
        acceleration: one sample in this many is kept
        mask: the pattern, drawn anew for every frame of a film; `dealias methods` lists them
        mask_arguments: an argument of the pattern, such as --mask.centre 0.04; `dealias methods` lists them
        per_slice: draw another pattern for every slice and every file, not one for all
        noise: standard deviation of noise to add to each part, as a fraction of the largest image magnitude
        key: the dataset that holds the k-space, where a file has several
        axes: names of the axes, such as "slice time coil y x", where the shape alone cannot tell
        format: of the files that a folder gives
        overwrite: replace existing files
        seed: of the mask and the noise
    """
    import warnings

    import torch

    import dealias
    from dealias import find
    from dealias.configure import typed_arguments
    from dealias.errors import Note
    from dealias.files.recognition import written

    draw = find.mask(mask)
    arguments = typed_arguments(draw, mask_arguments or {}, given=("shape", "acceleration", "generator"))

    def work(source: Path, target: Path) -> None:
        full = dealias.open(source, key=key, axes=axes)
        folder_for(target)
        generator = torch.Generator().manual_seed(_seed(seed, source) if per_slice else seed)
        drawn = partial(draw, acceleration=acceleration, generator=generator, **arguments)
        kept = full.sampled(_patterns(full, drawn, per_slice))
        if full.acceleration > 1.05 and kept.acceleration > 1.05 * acceleration:
            text = f"{source}: was undersampled already; one sample in {kept.acceleration:.3g} is left"
            warnings.warn(Note(text), stacklevel=2)
        if noise:
            kept = kept.with_noise(noise * float(full.root_sum_of_squares.max()), generator)
        about = {**provenance(source, seed), "pattern": mask, "acceleration": acceleration}
        dealias.write(target, kept, overwrite=overwrite, attributes=about)

    each(input, output, work, done="undersampled", extensions=written(format, kspace=True), overwrite=overwrite)


def _seed(seed: int, source: Path) -> int:
    """Return another seed for every file, the same alone and in a folder; those of one name lie in different ones."""
    return zlib.crc32(f"{seed} {source.absolute().parent.name} {source.name}".encode())


def _patterns(full: "Acquisition", draw: "Callable[[tuple[int, ...]], Tensor]", per_slice: bool) -> "Tensor":
    """Return the mask of a scan: one pattern, of a film with a draw for each frame, or one for every slice."""
    import torch

    slices = full.shape[: -len(full.axes)] if per_slice else torch.Size()
    one = tuple(full.shape[-len(full.axes) :])
    patterns = [draw(one) for _ in range(slices.numel())]
    return torch.stack(patterns).reshape(*slices, *one).unsqueeze(-3)
