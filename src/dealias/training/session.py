"""One training from its settings to a weight file with its card."""

import json
import os
import re
import shlex
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dealias import cards, find
from dealias.configure import configure
from dealias.errors import UserError
from dealias.files.film import film
from dealias.files.images import images as read
from dealias.former_names import current_settings
from dealias.method import Method
from dealias.training import films
from dealias.training.films import FilmSimulation
from dealias.training.images import gather
from dealias.training.simulate import Simulation

SETTINGS = "settings.json"
ACCELERATIONS, FILM_ACCELERATIONS = (2.0, 4.0), (6.0, 9.0)  # of the validation; its noise is 0.001 of the maximum


def train(output: str, **settings: Any) -> Path:
    """Train by the settings that `dealias train` documents, and return the path of the weights.

    Raises:
        UserError: where a setting does not fit, or the folder holds another training.
    """
    try:
        from dealias.training.module import Course, Module, fit, validation_set
    except ImportError as error:
        raise UserError(f"training needs {error.name}; pip install 'dealias[train]'") from None
    for name in ("updates", "every", "patience", "devices"):
        if settings[name] < 1:
            raise UserError(f"{settings[name]} {name} are impossible; give 1 or more")
    if not 0 < settings["rate"] < float("inf") or settings["phantoms"] < 0:
        raise UserError("rate must be more than zero, and phantoms zero or more; correct them")
    if settings["clip"] is not None and not 0 < settings["clip"] < float("inf"):
        raise UserError(f"clip cannot be {settings['clip']}; give more than zero, or leave it out")
    directory = Path(output)
    settings = _compared(directory, settings)
    torch.manual_seed(settings["seed"])
    method = _method(settings)
    precision = settings["precision"]
    if precision == "auto":
        precision = "bfloat16" if _fast_bfloat16() else "float32"
    sees_films = bool(method.joint)
    simulation: Simulation | FilmSimulation
    if sees_films:
        simulation = configure(FilmSimulation, settings["simulation"] or {})
        examples = films.validation_set([film(source) for source in settings["validation"]], FILM_ACCELERATIONS)
    else:
        simulation = configure(Simulation, settings["simulation"] or {})
        held_back = [image for source in settings["validation"] for image in read(source)]
        step = max(1, len(held_back) // 5)
        examples = validation_set(held_back[::step], ACCELERATIONS, noise_std=0.001)
    _check_fitting(method, simulation, settings["loss"])
    images = _sources(settings, sees_films)
    module = Module(
        method,
        simulation,
        images,
        settings["loss"],
        settings["rate"],
        settings["updates"],
        seconds(settings["time"]),
        settings["seed"],
    )
    _remember(directory, settings)
    names = ("every", "keep", "patience", "devices", "clip")
    best = fit(module, examples, directory, Course(precision, **{name: settings[name] for name in names}))
    target = directory / "weights.safetensors"
    return export(best, target) if module.global_rank == 0 else target


def _check_fitting(method: Method, simulation: Simulation | FilmSimulation, loss: str) -> None:
    """Refuse pairs or a loss from which a network would never learn what it is made for."""
    if getattr(method, "noise_input", False) and simulation.hide_noise_level:
        text = "this network is told the noise level, and --simulation.hide_noise_level hides it at times"
        raise UserError(f"{text}; set it to 0")
    if getattr(method, "output", None) == "pair" and loss == "magnitude_error":
        raise UserError("magnitude_error teaches the network of phases nothing; give --loss squared_error")


def export(checkpoint: Path, target: Path) -> Path:
    """Write the averaged weights of a checkpoint as a weight file with its card, and return that file's path."""
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")
    settings = json.loads((checkpoint.parent / SETTINGS).read_text())
    method = _method(settings)
    prefix = "method."
    tensors = state["state_dict"].items()
    method.load_state_dict({name.removeprefix(prefix): value for name, value in tensors if name.startswith(prefix)})
    scores = {name: round(float(value), 2) for name, value in state["scores"].items()}
    notes = {
        "summary": f"{settings.get('summary') or 'no summary'}; {scores['psnr']} dB on its validation set",
        "terms": settings.get("terms") or "not stated",
        "settings": settings,
        "command": settings["command"],
        "updates": state["global_step"],
        "hours": round(state["spent"] / 3600, 2),
        "date": date.today().isoformat(),
        "versions": {name: version(name) for name in ("dealias", "torch", "lightning")},
        "validation": scores,
    }
    cards.save(target, method, notes, overwrite=True)
    return target


def _sources(settings: dict[str, Any], moving: bool) -> list[Tensor]:
    """Return the images that a training draws from, and films (time, y, x) among them where it sees such."""
    if settings["films"] and not moving:
        raise UserError(f"method '{settings['method']}' sees images, not films; leave --films out")
    stills = gather(
        settings["data"],
        denoised=settings["denoised"],
        phantoms=0 if moving else settings["phantoms"],
        photographs=settings["photographs"],
    )
    if not moving:
        return stills
    return [*stills, *(film(source) for source in settings["films"]), *films.hearts(settings["phantoms"])]


def seconds(text: str | None) -> float | None:
    """Return a duration such as 90s, 9m or 2h in seconds."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if not match:
        raise UserError(f"time '{text}' is no duration; write 90s, 9m or 2h")
    if not float(match[1]):
        raise UserError(f"a time of {text} is impossible; give more than zero")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


def _compared(directory: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings as JSON keeps them, refusing a folder that holds a training with others."""
    changeable = ("updates", "time", "patience", "every", "keep", "devices", "command", "summary", "terms")
    command = shlex.join(["dealias", *sys.argv[1:]])
    new: dict[str, Any] = json.loads(json.dumps({**settings, "command": command}))
    if directory.is_file():
        raise UserError(f"{directory}: is a file; name a folder")
    file = directory / SETTINGS
    if file.exists() and any(directory.glob("*.ckpt")):
        try:
            old = json.loads(file.read_text())
        except ValueError:
            raise UserError(f"{file}: is damaged; choose another folder, or remove this one") from None
        was, now = current_settings(old), current_settings(new)
        changed = [key for key in now if key not in changeable and (now[key] or None) != (was.get(key) or None)]
        if changed:
            name = changed[0].removesuffix("_arguments").removesuffix("_")
            raise UserError(f"{directory}: holds a training with another {name}; choose another folder")
    return new


def _remember(directory: Path, settings: dict[str, Any]) -> None:
    """Keep the settings beside the checkpoints."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        temporary = directory / f".{SETTINGS}.{os.getpid()}"
        temporary.write_text(json.dumps(settings, indent=1))
        temporary.replace(directory / SETTINGS)
    except OSError as error:
        raise UserError(f"{directory}: cannot be written ({error.strerror}); choose another folder") from None


def _method(settings: dict[str, Any]) -> Method:
    arguments = settings["method_arguments"] or {}
    kind = find.method(settings["method"])
    if settings["from_"] is None:
        method = configure(kind, arguments)
        if next(method.parameters(), None) is None:
            raise UserError(f"method '{settings['method']}' has no parameters, so there is nothing to train")
        return method.train()
    method = cards.load(settings["from_"], **arguments)
    if type(method) is not kind:
        raise UserError(f"{settings['from_']} holds weights of {type(method).__name__}; name it with --method")
    return method.train()


def _fast_bfloat16() -> bool:
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    return "avx512_bf16" in _processor_flags() and torch.ops.mkldnn._is_mkldnn_bf16_supported()


def _processor_flags() -> str:
    file = Path("/proc/cpuinfo")
    return file.read_text() if file.exists() else ""
