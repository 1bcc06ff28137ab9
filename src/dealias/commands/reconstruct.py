"""Undersampled k-space in, image out."""

import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tqdm import tqdm

from dealias.commands._coils import Coils
from dealias.commands._files import each, folder_for
from dealias.commands._film import FilmFigures, true_film
from dealias.commands._provenance import provenance
from dealias.commands._reading import READING, Conjugate, FileMask, reading
from dealias.errors import UserError

if TYPE_CHECKING:
    import torch

    from dealias.acquisition import Acquisition
    from dealias.files.beside import Beside
    from dealias.method import Method

# what decides an image, beside the method's arguments and weights
SETTINGS = ("method", "maps", "whiten", "compress", "precision", *READING, "seed")


@dataclass(frozen=True)
class Job:
    """What is done with every file: read, prepare its coils, solve, show where it is a film, write.

    Arguments:
        input: what lies in a folder has a name below it.
        reading: the options of `dealias.open`.
        solving: the options of `dealias.reconstruct`.
        folds: how many sets of samples are held out for an error bar; None for no error bar.
        film: whether films are shown.
        reference: the true film, where it is known.
        writing: the options of `dealias.write`.
        settings: all that decides a result.
    """

    input: Path
    reading: dict[str, Any]
    coils: Coils
    method: "Method"
    device: "torch.device"
    solving: dict[str, Any]
    folds: int | None
    film: bool
    reference: "torch.Tensor | None"
    writing: dict[str, Any]
    settings: dict[str, Any]

    def reconstruct(self, source: Path, target: Path) -> None:
        """Reconstruct one file; what can be known to be wrong is known before the work."""
        import dealias
        from dealias.files.write import check

        name = source.relative_to(self.input) if self.input.is_dir() else source.name
        scan = dealias.open(source, **self.reading, maps=self.coils.given(str(name)))
        check(target, scan.shape)
        scan = self.coils.prepared(scan)
        figures = FilmFigures.of(scan, target, self.reference, self.writing["overwrite"]) if self.film else None
        folder_for(target)
        image, beside = self._solved(scan.to(self.device))
        notes = provenance(source, self.settings)
        with figures.beside(image, _short(self.settings["method"])) if figures else nullcontext():
            dealias.write(target, image, scan.header, **self.writing, attributes=notes, beside=beside)

    def _solved(self, scan: "Acquisition") -> "tuple[torch.Tensor, Beside]":
        """Return the image, and its error bar where one is wanted."""
        import dealias

        options = {**self.solving, "progress": sys.stderr.isatty()}
        if self.folds is None:
            return dealias.reconstruct(self.method, scan, **options).cpu(), {}
        found = dealias.uncertainty(self.method, scan, folds=self.folds, seed=self.settings["seed"], **options)
        for line in found.lines():
            tqdm.write(f"dealias: {line}", file=sys.stderr)
        width = (found.half_width.cpu(), {"coverage": found.coverage})
        return found.image.cpu(), {"uncertainty": width, "predicted_rms": found.rms.cpu()}


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
    file_mask: FileMask = "refuse",
    conjugate: Conjugate = "auto",
    format: Literal["h5", "npy", "png", "nii.gz", "nii", "cfl", "mat", "gif", "mp4"] = "h5",
    phase: bool = False,
    uncertainty: bool = False,
    folds: int = 4,
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
        maps: coil maps: auto (those of the file, else by ESPIRiT), none, a file, or a folder of files of the same names
        whiten: make the coils' noise white: auto, or a file of noise (coil, sample); images are in its units
        compress: combine the coils to this many virtual ones, which saves time
        device: cpu, cuda, or cuda:1
        precision: of the arithmetic; bfloat16 concerns networks only
        batch: slices at once; by default 1 on a CPU and 8 on a GPU
        key: the dataset that holds the k-space, where a file has several
        axes: names of the axes, such as "slice time coil y x", where the shape alone cannot tell
        file_mask: what to do with a file's own mask where it leaves out samples that there are
        conjugate: turn the image of raw data around; auto turns that of Siemens' scanners
        format: of the files that a folder gives
        phase: write the phase too, beside a format that holds the magnitude alone
        uncertainty: an error bar beside the image, by samples that are held out of the scan
        folds: how many sets of samples are held out for it, one at a time; each takes as long as the image
        film: show films beside what was measured: OUTPUT_film.gif, with PyAV .mp4, and .png of profiles over time
        reference: the true film, images or full k-space: --film with errors and the PSNR of each frame
        overwrite: replace existing files
        seed: of everything random
    """
    job = _job(locals())
    each(input, output, job.reconstruct, "reconstructed", format, job.settings, overwrite=overwrite)


def _job(options: dict[str, Any]) -> Job:
    """Return what the options of `run` mean."""
    from dealias.cards import fingerprint, usable

    method = _loaded(options["method"], options["method_arguments"] or {}, options["device"], options["seed"])
    solving = {name: options[name] for name in ("batch", "precision")}
    names = SETTINGS + (("uncertainty", "folds") if options["uncertainty"] else ())
    reference, named = options["reference"], {name: options[name] for name in ("key", "axes")}
    return Job(
        input=Path(options["input"]),
        reading=reading(options),
        coils=Coils.of(options["maps"], options["whiten"], options["compress"]),
        method=method,
        device=usable(options["device"]),
        solving={**solving, "maps": None if options["maps"] == "none" else "auto"},
        folds=options["folds"] if options["uncertainty"] else None,
        film=options["film"] or reference is not None,
        reference=None if reference is None else true_film(reference, options["input"], named),
        writing={name: options[name] for name in ("overwrite", "phase")},
        settings={name: options[name] for name in names} | {"weights": fingerprint(method)},
    )


def _loaded(method: str, given: dict[str, Any], device: str, seed: int) -> "Method":
    """Return the method with the arguments that a user gave, and with the seed where it takes one."""
    import torch

    from dealias.cards import load

    torch.manual_seed(seed)
    for name in {"name", "device"} & given.keys():  # of `load` itself
        raise UserError(f"no method takes --method.{name}; `dealias methods` lists what each takes")
    chosen = load(method, device=device, **given)
    if "seed" in chosen.arguments and "seed" not in given:
        chosen = load(method, device=device, **given, seed=seed)
    return chosen


def _short(method: str) -> str:
    """Return what to call a method: itself, a file without its folder, a class without its module."""
    return Path(method).stem if method.endswith((".safetensors", ".pth")) else method.rpartition(".")[2]
