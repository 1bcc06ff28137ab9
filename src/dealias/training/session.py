"""One training from its settings to a weight file with its card."""

import json
import os
import shlex
import sys
import time
from dataclasses import asdict, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from dealias import cards
from dealias.configure import typed_arguments
from dealias.errors import UserError
from dealias.files.atomic import sweep
from dealias.files.images import film
from dealias.former_names import current_settings
from dealias.training.alone import alone, check_free
from dealias.training.bodies import bodies
from dealias.training.fields import FieldSimulation
from dealias.training.films import FilmSimulation, hearts
from dealias.training.images import gather
from dealias.training.objective import Objective, objective
from dealias.training.progress import draw_curve
from dealias.training.scans import Scans, Slices
from dealias.training.simulate import Simulation
from dealias.training.source import Source
from dealias.training.training import Training
from dealias.training.updates import Updates
from dealias.training.validation_set import of_heads, validation_set
from dealias.training.whole_images import WholeImages

SETTINGS = "settings.json"
SAID = ("summary", "terms", "learned_from", "before", "command")  # by the card itself
FEW = 1000  # updates
CHANGEABLE = ("updates", "time", "patience", "every", "keep", "devices", "workers", "summary", "terms")


def train(output: str, training: Training) -> Path:
    """Train into a folder, or go on where a training there stopped, and return the path of the weights.

    Raises:
        UserError: where a setting does not fit, or the folder holds another training.
    """
    try:
        from dealias.training.module import Module, fit
    except ImportError as error:
        raise UserError(f"training needs {error.name}; pip install -e '.[train]' in the clone") from None
    started = time.monotonic()
    directory = Path(output)
    _check_same(directory, training)
    check_free(directory)
    torch.manual_seed(training.seed)
    taught = objective(training)
    source, learned_from = _source(training, taught)
    print(f"dealias: learns from {learned_from}{_mixed_in(training)}", file=sys.stderr)
    taught.try_loss(Updates(source, training.seed, training.held)[0])
    several = isinstance(source, Simulation) and source.coils > 0.5
    if training.bodies:
        validation = of_heads()
    else:
        validation = validation_set(training.validation, films=taught.sees_films, several_coils=several)
    target = directory / "weights.safetensors"
    with alone(directory):
        sweep(directory)
        _remember(directory, training, learned_from)
        fast = training.precision == "auto" and _fast_bfloat16()
        module = Module(training, taught, source, validation, prepared_in=time.monotonic() - started)
        best = fit(module, directory, "bfloat16" if fast else training.precision)
        if module.global_rank == 0:
            export(best, target)
            draw_curve(directory / "curve.png", module.history, taught.label)
    if module.global_rank == 0 and module.global_step < FEW:
        text = f"{module.global_step} updates are few: networks gain for many thousands"
        print(f"dealias: {text}; the same command with a longer --time or more --updates goes on", file=sys.stderr)
    return target


def _mixed_in(training: Training) -> str:
    """Say how to leave out what is not the user's own."""
    options = ["--phantoms 0"] * bool(training.phantoms) + ["--photographs false"] * training.photographs
    return f"; {' '.join(options)} leaves out what is not of --data" if training.data and options else ""


def _source(training: Training, taught: Objective) -> tuple[Source, str]:
    """Return what a training draws from, and that in words; what cannot be learned fails before anything is read.

    Raises:
        UserError: where a setting is impossible, or a file cannot be learned from.
    """
    sees_films = taught.sees_films
    if training.films and not sees_films:
        raise UserError(f"method '{training.method}' sees images, not films; leave --films out")
    if training.bodies:
        return _of_bodies(training)
    if not training.validation:
        raise UserError("nothing tells the best weights; give --validation, images that --data does not hold")
    if training.scans and (training.data or sees_films or taught.sees_whole):
        raise UserError("scans are learned from by methods of images, and alone; leave --data or --scans out")
    images_of = FilmSimulation if sees_films else WholeImages if taught.sees_whole else Simulation
    kind = Scans if training.scans else images_of
    source: Source = kind((), **typed_arguments(kind, training.simulation or {}, given=("images", "scans")))
    if isinstance(source, Scans):
        slices = Slices(training.scans)
        return replace(source, scans=slices), f"{len(slices)} measured slices of {', '.join(training.scans)}"
    kinds = gather(
        training.data,
        denoised=training.denoised,
        phantoms=0 if sees_films else training.phantoms,
        photographs=training.photographs,
    )
    if sees_films:
        kinds |= {f"film of {path}": [film(path)] for path in training.films}
        kinds |= {"simulated hearts": hearts(training.phantoms)} if training.phantoms else {}
    if not kinds:
        raise UserError("there is nothing to learn from; give --data, --scans, --films or --phantoms")
    images = [image for some in kinds.values() for image in some]
    words = ", ".join(f"{len(some)} {kind}" for kind, some in kinds.items())
    return replace(source, images=images), words  # type: ignore[type-var]


def _of_bodies(training: Training) -> tuple[Source, str]:
    """Return what susceptibility is learned from, and that in words."""
    if training.data or training.scans or training.films or training.phantoms or training.photographs:
        raise UserError("susceptibility is learned from bodies alone; leave --data, --phantoms and all else out")
    given = typed_arguments(FieldSimulation, training.simulation or {}, given=("bodies",))
    return FieldSimulation(bodies(training.bodies), **given), f"deformed heads and {training.bodies} heaps of shapes"


def export(checkpoint: Path, target: Path) -> Path:
    """Write the averaged weights of a checkpoint as a weight file with its card, and return that file's path."""
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")
    settings = json.loads((checkpoint.parent / SETTINGS).read_text())
    taught = objective(Training.remembered(settings))
    prefix = "method."
    tensors = {name: value for name, value in state["state_dict"].items() if name.startswith(prefix)}
    taught.learner.load_state_dict({name.removeprefix(prefix): value for name, value in tensors.items()})
    scores = {name: round(float(value), taught.digits) for name, value in state["scores"].items()}
    notes = {
        "summary": _summary(settings, taught.in_words(scores)),
        "terms": _terms(settings),
        "settings": {name: value for name, value in settings.items() if name not in SAID},
        "before": settings.get("before") or [],
        "command": settings["command"],
        "updates": state["global_step"],
        "hours": round(state["spent"] / 3600, 2),
        "date": date.today().isoformat(),
        "versions": {name: version(name) for name in ("dealias", "torch", "lightning")},
        "validation": scores,
    }
    cards.save(target, taught.learner, notes, overwrite=True)
    return target


def _summary(settings: dict[str, Any], score: str) -> str:
    """Return what the weights are for, what they saw, and how well they do."""
    parts = (settings.get("summary"), f"learned from {settings['learned_from']}", f"{score} on its validation set")
    return "; ".join(part for part in parts if part)


def _terms(settings: dict[str, Any]) -> str:
    """Return the terms of what was really learned from: those told of each file, and of what dealias adds."""
    told = settings.get("terms") or {}
    if isinstance(told, str):
        return told
    extras = (settings.get("simulation") or {}).get("measured_maps")
    files = [*settings["data"], *settings["scans"], *settings["films"], *([extras] if extras else [])]
    terms = [f"{Path(file).name}: {told.get(file, 'not stated')}" for file in files]
    terms += ["phantoms simulated by dealias"] * bool(settings["phantoms"] or settings.get("bodies"))
    terms += ["photographs in the public domain"] * settings["photographs"]
    return "; ".join(terms) or "not stated"


def _check_same(directory: Path, training: Training) -> None:
    """Refuse a folder that holds a training with other settings."""
    if directory.is_file():
        raise UserError(f"{directory}: is a file; name a folder")
    file = directory / SETTINGS
    if not file.exists() or not any(directory.glob("*.ckpt")):
        return
    try:
        old = current_settings(json.loads(file.read_text()))
    except ValueError:
        raise UserError(f"{file}: is damaged; choose another folder, or remove this one") from None
    new = current_settings(json.loads(json.dumps(asdict(training))))
    changed = [key for key in new if key not in CHANGEABLE and (new[key] or None) != (old.get(key) or None)]
    if changed:
        name = changed[0].removesuffix("_arguments").removesuffix("_")
        raise UserError(f"{directory}: holds a training with another {name}; choose another folder")


def _remember(directory: Path, training: Training, learned_from: str) -> None:
    """Keep the settings beside the checkpoints."""
    command = shlex.join(["dealias", *sys.argv[1:]])
    before = [] if training.from_ is None else _trainings(training.from_)
    settings = {**asdict(training), "learned_from": learned_from, "before": before, "command": command}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        temporary = directory / f".{SETTINGS}.{os.getpid()}"
        temporary.write_text(json.dumps(settings, indent=1))
        temporary.replace(directory / SETTINGS)
    except OSError as error:
        raise UserError(f"{directory}: cannot be written ({error.strerror}); choose another folder") from None


def _trainings(weights: str) -> list[dict[str, Any]]:
    """Return the command, updates and hours of every training that made weights, the first one first."""
    card = cards.read(cards.path_of(weights) or weights)
    return [*card.get("before", []), {name: card.get(name) for name in ("command", "updates", "hours")}]


def _fast_bfloat16() -> bool:
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    return "avx512_bf16" in _processor_flags() and torch.ops.mkldnn._is_mkldnn_bf16_supported()


def _processor_flags() -> str:
    file = Path("/proc/cpuinfo")
    return file.read_text() if file.exists() else ""
