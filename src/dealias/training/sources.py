"""Where the examples of a training come from: images, films or measured scans, and what was said about drawing them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import torch
from torch import Tensor

from dealias.configure import typed_arguments
from dealias.errors import UserError
from dealias.files.film import film
from dealias.training.example import Example
from dealias.training.films import FilmSimulation, hearts
from dealias.training.images import gather
from dealias.training.scans import Scans, Slices
from dealias.training.simulate import Simulation
from dealias.training.training import Training


class Source(Protocol):
    """A frozen value: what examples are drawn from, and how."""

    @property
    def tells_noise(self) -> bool:
        """Whether every example says how noisy it is."""

    def size(self, generator: torch.Generator) -> tuple[int, int]:
        """Return the rows and columns of an update's examples."""

    def examples(self, size: tuple[int, int], generator: torch.Generator) -> Example:
        """Return the batch of an update."""


def source(training: Training, sees_films: bool) -> Source:
    """Return what a training draws from; what cannot be drawn fails before anything is read.

    Raises:
        UserError: where a setting is impossible, or a file cannot be learned from.
    """
    settings = training.simulation or {}
    if training.films and not sees_films:
        raise UserError(f"method '{training.method}' sees images, not films; leave --films out")
    if training.scans:
        if sees_films or training.data:
            raise UserError("scans are learned from by methods of images, and alone; leave --data or --scans out")
        scans = Scans((), **_typed(Scans, settings))
        return replace(scans, scans=Slices(training.scans))
    simulation: Simulation | FilmSimulation
    if sees_films:
        simulation = FilmSimulation((), **_typed(FilmSimulation, settings))
    else:
        simulation = Simulation((), **_typed(Simulation, settings))
    images = _images(training, sees_films)
    if not images:
        raise UserError("there is nothing to learn from; give --data, --scans, --films or --phantoms")
    return replace(simulation, images=images)


def _images(training: Training, sees_films: bool) -> Sequence[Tensor]:
    """Return the images that a training draws from, and films (time, y, x) among them where it sees such."""
    stills = gather(
        training.data,
        denoised=training.denoised,
        phantoms=0 if sees_films else training.phantoms,
        photographs=training.photographs,
    )
    if not sees_films:
        return stills
    return [*stills, *(film(path) for path in training.films), *hearts(training.phantoms)]


def _typed(kind: type, settings: dict[str, Any]) -> dict[str, Any]:
    return typed_arguments(kind, settings, given=("images", "scans"))
