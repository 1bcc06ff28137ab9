"""What a faster scan would have measured."""

from pathlib import Path
from typing import Any

from dealias.commands._each import each


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
    overwrite: bool = False,
    seed: int = 0,
) -> None:
    """Keep the samples of a file, or of a folder of files, that a faster scan would have measured.

    Arguments:
        input: a file with k-space, or a folder of such files
        output: the file to write (.h5, .npy), or a folder
        acceleration: one sample in this many is kept
        mask: the pattern; `dealias methods` lists them
        mask_arguments: arguments of the pattern, each as --mask.NAME VALUE
        noise: standard deviation of noise to add to each part, as a fraction of the largest image magnitude
        key: the dataset that holds the k-space, where a file has several
        axes: names of the axes, such as "slice time coil y x", where the shape alone cannot tell
        overwrite: replace existing files
        seed: of the mask and the noise
    """
    import torch

    import dealias
    from dealias import find
    from dealias.errors import UserError

    draw = find.mask(mask)

    def work(source: Path, target: Path) -> None:
        full = dealias.open(source, key=key, axes=axes)
        generator = torch.Generator().manual_seed(seed)
        try:
            pattern = draw(full.shape[-2:], acceleration, generator=generator, **(mask_arguments or {}))
        except TypeError as error:
            raise UserError(f"mask '{mask}': {str(error).removeprefix(f'{mask}() ')}; see `dealias methods`") from None
        kept = full.sampled(pattern)
        if noise:
            largest = full.coil_images.abs().square().sum(-3).sqrt().amax()
            kept = kept.with_noise(noise * float(largest), generator)
        dealias.write(target, kept, overwrite=overwrite)

    each(input, output, work, done="undersampled", overwrite=overwrite)
