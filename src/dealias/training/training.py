"""What a training is: the value that `dealias train` makes of its options, and that folders and cards remember."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from dealias.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Training:
    """The settings of a training.

    Arguments:
        method: the method by name, or the dotted path of a class; or a prior of images, such as score
        method_arguments: an argument of the method or prior; `dealias methods` lists those of methods
        data: images to learn from: files or folders of .npy, .npz, HDF5 or PNG
        scans: measured k-space to learn from instead: files or folders, fully sampled, or not with --loss held_out
        validation: images, films or fully sampled scans of other subjects, on which the best weights are chosen;
            none for susceptibility
        films: for a method that sees films, files whose images are frames; images in `data` are moved
        denoised: learn from a denoised copy of each image too
        phantoms: how many simulated heads to add, or beating hearts for a method that sees films
        photographs: add tiles of the free photographs in scikit-image
        bodies: how many heaps of random shapes to learn susceptibility from, beside heads, and nothing else; for a
            network of volumes
        simulation: how examples are drawn: crop, acceleration, noise, lines, discs, centre, image_noise, band, phase,
            coils, coil_count, coil_acceleration, measured_maps, estimated_maps, noisy_target, estimated_noise,
            hide_noise_level, batch; for films crop (rows), columns, frames, acceleration, noise, band, coils,
            hide_noise_level, batch; for scans crop, acceleration, noise, lines, discs, centre, estimated_maps,
            estimated_noise, hide_noise_level, batch; for bodies crop, voxel, noise, heads, background, radius,
            hide_noise_level, batch; for priors of whole images rows, columns, turn, stretch, move, contrast, batch
        loss: what is minimised: log_squared_error, squared_error, last_squared_error, magnitude_error or ssim against
            images; measured, held_out or sure against k-space, where no image is known; referenced_error for
            susceptibility; or the dotted path of a function; a prior has its own
        held: the share of a scan's samples that the method never sees, for --loss held_out or sure
        rate: the learning rate at the start; it falls with a cosine
        clip: cut each entry of the gradient at this size; none cuts the whole at norm 1
        precision: of the arithmetic; auto is bfloat16 where this machine computes with it
        updates: how many, at the most
        time: how long in all, reading included and the last validation not, at the most, such as 90s, 9m or 2h
        every: updates between two validations
        keep: keep the checkpoint of every validation, not only the best and the last
        patience: validations without a better score before it stops
        devices: processes (CPU) or GPUs
        workers: processes that draw examples ahead, for each device; 0 draws them between updates
        from_: weights to start from, by name or file
        summary: for the card: what these weights are for
        terms: for the card: the terms of the data, or those of each file or folder by its path
        seed: of the first weights and of all that is drawn
    """

    method: str = "rim"
    method_arguments: dict[str, Any] | None = None
    data: list[str] = field(default_factory=list)
    scans: list[str] = field(default_factory=list)
    validation: list[str] = field(default_factory=list)
    films: list[str] = field(default_factory=list)
    denoised: bool = False
    phantoms: int = 0
    photographs: bool = False
    bodies: int = 0
    simulation: dict[str, Any] | None = None
    loss: str = "log_squared_error"
    held: float = 0.0
    rate: float = 1e-3
    clip: float | None = None
    precision: Literal["float32", "bfloat16", "auto"] = "auto"
    updates: int = 100_000
    time: str | None = None
    every: int = 500
    keep: bool = False
    patience: int = 20
    devices: int = 1
    workers: int = 1
    from_: str | None = None
    summary: str | None = None
    terms: str | dict[str, str] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what no training can be.

        Raises:
            UserError: for a setting that is impossible.
        """
        for name in ("updates", "every", "patience", "devices"):
            if getattr(self, name) < 1:
                raise UserError(f"{getattr(self, name)} {name} are impossible; give 1 or more")
        if not 0 < self.rate < float("inf") or min(self.phantoms, self.bodies, self.workers) < 0:
            raise UserError("rate must be more than zero, phantoms, bodies and workers zero or more; correct them")
        if self.clip is not None and not 0 < self.clip < float("inf"):
            raise UserError(f"clip cannot be {self.clip}; give more than zero, or leave it out")
        if not 0 <= self.held < 1:
            raise UserError(f"held is a share of the samples, from 0 to less than 1, not {self.held}; correct it")
        _ = self.seconds

    @property
    def seconds(self) -> float | None:
        """How long it lasts at the most; None is as long as its updates."""
        return seconds_of(self.time)

    @classmethod
    def remembered(cls, settings: Mapping[str, Any]) -> "Training":
        """Return the training that a folder's or a card's settings tell of; those that are newer have their default."""
        return cls(**{item.name: settings[item.name] for item in fields(cls) if item.name in settings})


def seconds_of(time: str | None) -> float | None:
    """Return a duration such as 90s, 9m or 2h in seconds; None is no limit.

    Raises:
        UserError: for a text that is no duration, or one of zero.
    """
    if time is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", time)
    if not match:
        raise UserError(f"time '{time}' is no duration; write 90s, 9m or 2h")
    if not float(match[1]):
        raise UserError(f"a time of {time} is impossible; give more than zero")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]
