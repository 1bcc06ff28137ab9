"""From images to weights with their card."""

import sys
from typing import Any, Literal


def run(
    output: str,
    *,
    method: str = "rim",
    method_arguments: dict[str, Any] | None = None,
    data: list[str],
    validation: list[str],
    films: list[str] = [],  # noqa: B006 - nobody changes it
    denoised: bool = False,
    phantoms: int = 0,
    photographs: bool = False,
    simulation: dict[str, Any] | None = None,
    loss: Literal["squared_error", "last_squared_error", "log_squared_error", "magnitude_error"] = "log_squared_error",
    rate: float = 1e-3,
    clip: float | None = None,
    precision: Literal["float32", "bfloat16", "auto"] = "auto",
    updates: int = 100_000,
    time: str | None = None,
    every: int = 500,
    keep: bool = False,
    patience: int = 20,
    devices: int = 1,
    from_: str | None = None,
    summary: str | None = None,
    terms: str | None = None,
    seed: int = 0,
) -> None:
    """Train a method on images, and go on where a training in the same folder stopped.

    Arguments:
        output: the folder for checkpoints, curves (TensorBoard) and weights.safetensors
        method: the method by name, or the dotted path of a class
        method_arguments: an argument of the method; `dealias methods` lists them
        data: images to learn from: files or folders of .npy, .npz, HDF5 or PNG
        validation: images of other subjects, on which the best weights are chosen; films for a method that sees such
        films: for a method that sees films, files whose images are frames; images in `data` are moved
        denoised: learn from a denoised copy of each image too
        phantoms: how many simulated heads to add, or beating hearts for a method that sees films
        photographs: add tiles of the free photographs in scikit-image
        simulation: how pairs are drawn: crop, acceleration, noise, lines, image_noise, band, coils, hide_noise_level,
            batch, phase, centre; for films crop (rows), columns, frames, acceleration, noise, band, coils,
            hide_noise_level, batch
        loss: what is minimised
        rate: the learning rate at the start; it falls with a cosine
        clip: cut each entry of the gradient at this size; none cuts the whole at norm 1
        precision: of the arithmetic; auto is bfloat16 where this machine computes with it
        updates: how many, at the most
        time: how long in all, at the most, such as 90s, 9m or 2h
        every: updates between two validations
        keep: keep the checkpoint of every validation, not only the best and the last
        patience: validations without a better score before it stops
        devices: processes (CPU) or GPUs
        from_: weights to start from, by name or file
        summary: for the card: what these weights are for
        terms: for the card: the terms of the data
        seed: of the first weights and of all that is drawn
    """
    _train(**locals())


def _train(output: str, **settings: Any) -> None:
    from dealias.training.session import train

    print(f"dealias: {train(output, **settings)}: the best weights so far", file=sys.stderr)
