"""Undersampled k-space in, image out."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dealias.commands._each import each, folder_for, made

if TYPE_CHECKING:
    from dealias.method import Method


def run(
    input: str,
    output: str,
    *,
    method: str = "rim",
    method_arguments: dict[str, Any] | None = None,
    maps: str = "auto",
    whiten: str | None = None,
    compress: int | None = None,
    device: str = "cpu",
    precision: Literal["float32", "bfloat16", "float64"] = "float32",
    batch: int | None = None,
    key: str | None = None,
    axes: str | None = None,
    format: Literal["h5", "npy", "png", "nii.gz", "nii", "cfl", "mat", "gif", "mp4"] = "h5",
    phase: bool = False,
    overwrite: bool = False,
    seed: int = 0,
) -> None:
    """Reconstruct the images of a file or of a folder of files.

    Arguments:
        input: a file with k-space, or a folder of such files
        output: the file to write (.h5, .npy, .png, .nii.gz, .cfl, .mat; .gif, .mp4 of a film), or a folder
        method: a method or shipped weight by name, a .safetensors file, or the dotted path of a class
        method_arguments: an argument of the method; `dealias methods` lists them
        maps: coil maps: auto (those of the file, else by ESPIRiT), none, or a file that holds them
        whiten: make the coils' noise white: auto, or a .npy of noise (coil, sample); images are in its units
        compress: combine the coils to this many virtual ones, which saves time
        device: cpu, cuda, or cuda:1
        precision: of the arithmetic; bfloat16 concerns networks only
        batch: slices at once; by default 1 on a CPU and 8 on a GPU
        key: the dataset that holds the k-space, where a file has several
        axes: names of the axes, such as "slice time coil y x", where the shape alone cannot tell
        format: of the files that a folder gives
        phase: write the phase too, beside a format that holds the magnitude alone
        overwrite: replace existing files
        seed: of everything random
    """
    import dealias
    from dealias.cards import usable
    from dealias.commands._coils import preparation
    from dealias.files.formats import written
    from dealias.files.write import check

    chosen = _loaded(method, method_arguments or {}, device, seed)
    prepared, target_device, bar = preparation(maps, whiten, compress), usable(device), sys.stderr.isatty()
    kept: Literal["auto"] | None = None if maps == "none" else "auto"

    def work(source: Path, target: Path) -> None:
        acquisition = dealias.open(source, key=key, axes=axes).to(target_device)
        check(target, acquisition.shape)
        acquisition = prepared(acquisition)
        folder_for(target)
        image = dealias.reconstruct(chosen, acquisition, maps=kept, batch=batch, precision=precision, progress=bar)
        about = {**made(source, seed), "method": method, "precision": precision}
        dealias.write(target, image.cpu(), acquisition.header, overwrite=overwrite, phase=phase, attributes=about)

    each(input, output, work, done="reconstructed", extensions=written(format), overwrite=overwrite)


def _loaded(method: str, given: dict[str, Any], device: str, seed: int) -> "Method":
    """Return the method with the arguments that a user gave, and with the seed where it takes one."""
    import torch

    from dealias.cards import load
    from dealias.errors import UserError

    torch.manual_seed(seed)
    for name in {"name", "device"} & given.keys():  # of `load` itself
        raise UserError(f"no method takes --method.{name}; `dealias methods` lists what each takes")
    chosen = load(method, device=device, **given)
    if "seed" in chosen.arguments and "seed" not in given:
        chosen = load(method, device=device, **given, seed=seed)
    return chosen
