"""Undersampled k-space in, image out."""

import sys
import warnings
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tqdm import tqdm

from dealias.commands._coils import Coils
from dealias.commands._decided import numbers, worded
from dealias.commands._files import each, folder_for
from dealias.commands._film import FilmFigures, true_film
from dealias.commands._method import loaded
from dealias.commands._provenance import provenance
from dealias.commands._reading import READING, Conjugate, FileMask, reading
from dealias.configure import options_of
from dealias.errors import Note, UserError
from dealias.training.adaptation import Adaptation

if TYPE_CHECKING:
    import torch

    from dealias.acquisition import Acquisition
    from dealias.files.stack import Stack
    from dealias.header import Header
    from dealias.method import Method
    from dealias.problem import Problem

    Companions: TypeAlias = "dict[str, tuple[torch.Tensor, dict[str, float]]]"

# what decides an image, beside the method's arguments and weights
SETTINGS = ("method", "maps", "whiten", "compress", "precision", *READING, "slices", "seed")


@dataclass(frozen=True)
class Job:
    """What is done with every file: read, prepare its coils, solve, show where it is a film, write.

    Arguments:
        input: what lies in a folder has a name below it.
        reading: the options of `dealias.open`.
        solving: the options of `dealias.reconstruct`.
        adaptation: whether the method learns from the scan first.
        folds: how many times samples are held out for an error bar; None for no error bar.
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
    adaptation: Adaptation
    folds: int | None
    film: bool
    reference: "torch.Tensor | None"
    writing: dict[str, Any]
    settings: dict[str, Any]

    def reconstruct(self, source: Path, target: Path) -> None:
        """Reconstruct one file, a large one some slices at a time; what can be known to be wrong is known before."""
        import dealias

        name = str(source.relative_to(self.input) if self.input.is_dir() else source.name)
        scans = self.coils.prepared(self._scans(source, name, target))
        found = [*scans.with_places().map(partial(self._part, target))]
        image = _together([part.image for part in found])
        beside = {
            name: (_together([part.beside[name][0] for part in found]), notes)
            for name, (_, notes) in found[0].beside.items()
        }
        decided = {key: _together([part.decided[key] for part in found]) for key in found[0].decided}
        beside |= {key: (values, {}) for key, values in decided.items()}
        if decided:
            tqdm.write(f"dealias: {name}: {worded(decided)}", file=sys.stderr)
        figures = found[0].figures
        with figures.beside(image, _short(self.settings["method"])) if figures else nullcontext():
            notes = provenance(source, self.settings) | ({"decided": worded(decided)} if decided else {})
            dealias.write(target, image, found[0].header, **self.writing, attributes=notes, beside=beside)

    def _scans(self, source: Path, name: str, target: Path) -> "Stack[Acquisition]":
        """Return what there is to solve, a film and what cannot be read by slice as a whole."""
        import dealias
        from dealias.files.stack import Stack
        from dealias.files.write import check

        def read(**reading: Any) -> "Acquisition":
            slices = reading["slices"] if isinstance(reading["slices"], slice) else None
            scan = dealias.open(source, **reading, maps=self.coils.given(name, slices))
            check(target, scan.shape)
            return scan

        scans = Stack.of(source, self.reading, read, self.solving["batch"] or (1 if self.device.type == "cpu" else 8))
        count = scans.slices if self.reading["slices"] is None else 0  # maps are those of all slices
        if self.film or self.adaptation.adapt or (scans.slices and not self.coils.by_slice(name, count or 0)):
            return Stack.once(partial(read, **self.reading), self.reading["slices"])
        return scans

    def _part(self, target: Path, slices_and_scan: "tuple[int | slice | str | None, Acquisition]") -> "Part":
        """Return the images of some slices of a file, and what the method decided about each."""
        from dealias.decisions import decisions

        with decisions() as found:
            part = self._solved(target, slices_and_scan)
        return replace(part, decided=numbers(found, part.image.shape))

    def _solved(self, target: Path, slices_and_scan: "tuple[int | slice | str | None, Acquisition]") -> "Part":
        """Return the images of some slices of a file, and their error bars where they are wanted."""
        import dealias
        from dealias.error_bar.suspicions import suspicions

        slices, scan = slices_and_scan
        figures = FilmFigures.of(scan, target, self.reference, self.writing["overwrite"]) if self.film else None
        folder_for(target)
        there, options = scan.to(self.device), {**self.solving, "progress": sys.stderr.isatty()}
        if self.folds is None:
            if scan.mask.any() and not scan.kspace.any():
                warnings.warn(Note("every sample is zero: every image will be zero"), stacklevel=2)
            for text in suspicions(scan):
                warnings.warn(Note(text), stacklevel=2)
            solve = self._learned_from if self.adaptation.adapt else dealias.reconstruct
            image = self.coils.image(solve(self.method, self.coils.problem(there), **options))
            return Part(image.cpu(), {}, scan.header, figures)
        found = dealias.uncertainty(self.method, there, folds=self.folds, seed=self.settings["seed"], **options)
        for line in found.lines(_numbers(slices, len(scan.kspace))):
            tqdm.write(f"dealias: {line}", file=sys.stderr)
        half_width = (found.half_width.cpu(), {"coverage": found.coverage})
        beside: Companions = {"uncertainty": half_width, "predicted_rms": (found.rms.cpu(), {})}
        return Part(found.image.cpu(), beside, scan.header, figures)

    def _learned_from(self, method: "Method", problem: "Problem", **options: Any) -> "torch.Tensor":
        """Return the image of a method that learned from the problem before."""
        import dealias
        from dealias.preparation import prepared

        problem = prepared(problem, options["maps"], method)
        limits: dict[str, Any] = {"updates": self.adaptation.updates, "seconds": self.adaptation.seconds}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Note)  # those of the problem were shown above
            found = dealias.adapt(method, problem, **limits, seed=self.settings["seed"], progress=options["progress"])
            tqdm.write(f"dealias: {found}", file=sys.stderr)
            return dealias.reconstruct(found.method, problem, **options)


@dataclass(frozen=True)
class Part:
    """The images of some slices of a file.

    Arguments:
        beside: their companions by name, such as error bars, each with its attributes.
        header: that of the images.
        figures: that show them where they are a film.
        decided: what the method chose for each slice, by name.
    """

    image: "torch.Tensor"
    beside: "Companions"
    header: "Header"
    figures: FilmFigures | None
    decided: "dict[str, torch.Tensor]" = field(default_factory=dict)


def _together(parts: "list[torch.Tensor]") -> "torch.Tensor":
    """Return what belongs to the slices of a file."""
    import torch

    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _numbers(slices: int | slice | str | None, count: int) -> range:
    """Return the numbers of slices in their file; negative where the user counted from its end."""
    from dealias.files.axes import chosen

    if slices is None:
        return range(count)
    place = chosen(slices, sys.maxsize)
    first = place.start if place.start < sys.maxsize // 2 else place.start - sys.maxsize
    return range(first, first + count * place.step, place.step)


@options_of(Adaptation)
def run(
    input: str,
    output: str,
    *,
    method: str = "stacked",
    method_arguments: dict[str, Any] | None = None,
    tune: bool = False,
    maps: str = "auto",
    sets: int = 1,
    whiten: str | None = None,
    compress: int | None = None,
    device: str = "cpu",
    precision: Literal["float32", "bfloat16", "float64"] = "float32",
    batch: int | None = None,
    key: str | None = None,
    axes: str | None = None,
    file_mask: FileMask = "refuse",
    conjugate: Conjugate = "auto",
    slices: str | None = None,
    format: Literal["h5", "npy", "png", "nii.gz", "nii", "cfl", "mat", "gif", "mp4"] = "h5",
    phase: bool = False,
    uncertainty: bool = False,
    folds: int = 4,
    film: bool = False,
    reference: str | None = None,
    overwrite: bool = False,
    seed: int = 0,
    **limits: Any,
) -> None:
    """Reconstruct the images of a file or of a folder of files.

    Arguments:
        input: a file with k-space, or a folder of such files
        output: the file to write (.h5, .npy, .png, .nii.gz, .cfl, .mat; .gif, .mp4 of a film), or a folder
        method: a method or shipped weight by name, a .safetensors file, or the dotted path of a class
        method_arguments: an argument of the method; `dealias methods` lists them
        tune: let samples that are hidden from the method choose its regularisation, or what else differs between scans
        maps: coil maps: auto (those of the file, else by ESPIRiT), none, a file, or a folder of files of the same names
        sets: of maps; 2 where the field of view wraps, for sense, wavelet and total_variation
        whiten: white noise in all coils: auto, each alone, or a file of noise (coil, sample); images are in its units
        compress: combine the coils to this many virtual ones, which saves time
        device: cpu, cuda, or cuda:1
        precision: of the arithmetic; bfloat16 concerns networks only
        batch: slices at once; by default 1 on a CPU and 8 on a GPU
        key: the dataset that holds the k-space, where a file has several
        axes: names of the axes, such as "slice time coil y x", where the shape alone cannot tell
        file_mask: what to do with a file's own mask where it leaves out samples that there are
        conjugate: turn the image of raw data around; auto turns that of Siemens' scanners
        slices: which slices, counted from 0, such as 3 or 3:7
        format: of the files that a folder gives
        phase: write the phase too, beside a format that holds the magnitude alone
        uncertainty: an error bar beside the image, by samples that are held out of the scan
        folds: how many times samples are held out for it; each takes as long as the image
        film: show films beside what was measured: OUTPUT_film.gif, with PyAV .mp4, and .png of profiles over time
        reference: the true film, images or full k-space: --film with errors and the PSNR of each frame
        overwrite: replace existing files
        seed: of everything random
    """
    _each_file(**locals())


def _each_file(limits: dict[str, Any], **options: Any) -> None:
    """Do what the options of `run` say."""
    job = _job(options, Adaptation(**limits))
    source, target, format = (options[name] for name in ("input", "output", "format"))
    each(source, target, job.reconstruct, "reconstructed", format, job.settings, overwrite=options["overwrite"])


def _job(options: dict[str, Any], adaptation: Adaptation) -> Job:
    """Return what the options of `run` mean."""
    from dealias.cards import fingerprint, usable
    from dealias.training.adapt import check_adaptable

    method = loaded(*(options[name] for name in ("method", "method_arguments", "device", "seed", "tune")))
    solving = {name: options[name] for name in ("batch", "precision")}
    sets, uncertain = options["sets"], options["uncertainty"]
    if sets != 1 and uncertain:
        raise UserError("an error bar knows one set of maps; leave out --sets or --uncertainty")
    if sets != 1:
        method.check_axes(("set", "y", "x"))
    if adaptation.adapt and uncertain:
        raise UserError("an adapted network saw the samples that an error bar would hide; leave out one of them")
    names = SETTINGS + (("sets",) if sets != 1 else ()) + (("uncertainty", "folds") if uncertain else ())
    names += ("tune",) if options["tune"] else ()
    adapting = asdict(adaptation) if adaptation.adapt else {}
    if adapting:
        check_adaptable(method)
    reference, named = options["reference"], {name: options[name] for name in ("key", "axes")}
    return Job(
        input=Path(options["input"]),
        reading=reading(options) | {"slices": options["slices"]},
        coils=Coils.of(options["maps"], options["whiten"], options["compress"], sets),
        method=method,
        device=usable(options["device"]),
        solving={**solving, "maps": None if options["maps"] == "none" else "auto"},
        adaptation=adaptation,
        folds=options["folds"] if uncertain else None,
        film=options["film"] or reference is not None,
        reference=None if reference is None else true_film(reference, options["input"], named),
        writing={name: options[name] for name in ("overwrite", "phase")},
        settings={name: options[name] for name in names} | {"weights": fingerprint(method)} | adapting,
    )


def _short(method: str) -> str:
    """Return what to call a method: itself, a file without its folder, a class without its module."""
    return Path(method).stem if method.endswith((".safetensors", ".pt", ".pth")) else method.rpartition(".")[2]
