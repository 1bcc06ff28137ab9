"""Undersampled k-space in, image out."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dealias.commands._each import each, folder_for, provenance

if TYPE_CHECKING:
    from torch import Tensor

    from dealias.acquisition import Acquisition
    from dealias.commands._film_options import Show
    from dealias.driver import Precision
    from dealias.method import Method


def run(
    input: str,
    output: str,
    *,
    method: str = "stacked",
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
    film: bool = False,
    reference: str | None = None,
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
        film: show films beside what was measured: OUTPUT_film.gif, with PyAV .mp4, and .png of profiles over time
        reference: the true film, images or full k-space: --film with errors and the PSNR of each frame
        overwrite: replace existing files
        seed: of everything random
    """
    import dealias
    from dealias.commands._coils import preparation
    from dealias.commands._film_options import exhibitions
    from dealias.files.recognition import written

    solve = _solver(_loaded(method, method_arguments or {}, device, seed), device, maps, batch, precision)
    read, prepared = partial(dealias.open, key=key, axes=axes), preparation(maps, whiten, compress)
    exhibit = exhibitions(method, film, reference, Path(input), read, overwrite)
    write = partial(dealias.write, overwrite=overwrite, phase=phase)
    about = {"method": method, "precision": precision, "seed": seed}
    work = partial(_work, read=read, prepared=prepared, exhibit=exhibit, solve=solve, write=write, about=about)
    each(input, output, work, done="reconstructed", extensions=written(format), overwrite=overwrite)


def _work(
    source: Path,
    target: Path,
    read: "Callable[[Path], Acquisition]",
    prepared: "Callable[[Acquisition], Acquisition]",
    exhibit: "Callable[[Path, Acquisition], Show]",
    solve: "Callable[[Acquisition], Tensor]",
    write: Callable[..., None],
    about: dict[str, Any],
) -> None:
    """Reconstruct one file; what can be known to be wrong is known before the work."""
    from dealias.files.write import check

    acquisition = read(source)
    check(target, acquisition.shape)
    acquisition = prepared(acquisition)
    show = exhibit(target, acquisition)
    folder_for(target)
    image = solve(acquisition)
    with show(image):
        write(target, image, acquisition.header, attributes={**provenance(source, about["seed"]), **about})


def _solver(
    method: "Method", device: str, maps: str, batch: int | None, precision: "Precision"
) -> "Callable[[Acquisition], Tensor]":
    """Return what makes an image of an acquisition, on the CPU."""
    import dealias
    from dealias.cards import usable

    kept: Literal["auto"] | None = None if maps == "none" else "auto"
    place, bar = usable(device), sys.stderr.isatty()
    how: dict[str, Any] = {"maps": kept, "batch": batch, "precision": precision, "progress": bar}
    return lambda acquisition: dealias.reconstruct(method, acquisition.to(place), **how).cpu()


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
