"""What a faster scan would have measured."""

from pathlib import Path
from typing import Any, Literal

from dealias.commands._each import each, folder_for, made


def run(
    input: str,
    output: str,
    *,
    acceleration: float,
    mask: str = "gaussian",
    mask_arguments: dict[str, Any] | None = None,
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
    from dealias.configure import checked
    from dealias.errors import Note
    from dealias.files.formats import written

    draw = find.mask(mask)
    arguments = checked(draw, mask_arguments or {}, given=("shape", "acceleration", "generator"))

    def work(source: Path, target: Path) -> None:
        full = dealias.open(source, key=key, axes=axes)
        folder_for(target)
        generator = torch.Generator().manual_seed(seed)
        # a film's frames each have a draw of their own
        pattern = draw(full.shape[-full.dimensions :], acceleration, generator=generator, **arguments)
        kept = full.sampled(pattern.unsqueeze(-3))
        if full.acceleration > 1.05 and kept.acceleration > 1.05 * acceleration:
            text = f"{source}: was undersampled already; one sample in {kept.acceleration:.3g} is left"
            warnings.warn(Note(text), stacklevel=2)
        if noise:
            kept = kept.with_noise(noise * float(full.root_sum_of_squares.max()), generator)
        about = {**made(source, seed), "pattern": mask, "acceleration": acceleration}
        dealias.write(target, kept, overwrite=overwrite, attributes=about)

    each(input, output, work, done="undersampled", extensions=written(format, kspace=True), overwrite=overwrite)
