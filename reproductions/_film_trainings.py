"""The networks that a page on films compares, all trained alike: the same pairs, the same loss, the same time.

The short form is what a processor core trains in minutes, and differs from the CRNN paper in that: five iterations
instead of ten, 96 features of B instead of 128, pairs of 6 frames and some 20 x 164 pixels instead of 15 frames of
32 x 256, and the logarithm of the error of all iterations, which learned faster than the error of the last.
"""

from typing import Any

import torch

import _data
import _films
from _models import Models
from dealias import find

CLASSICAL = {"k-t FOCUSS": "kt_focuss", "k-t SLR": "kt_slr"}
NETWORKS = ("3D CNN-S", "3D CNN", "CRNN A", "CRNN B")
SHIPPED = "CRNN, shipped"  # a CRNN A that learned longer, and from other pairs
READY = {**CLASSICAL, SHIPPED: "crnn"}  # what no page has to train
SHORT = {"crop": [16, 24], "columns": [148, 180], "frames": 6}
FULL = {"crop": [32, 32], "columns": [256, 256], "frames": 15}


def network(name: str, *, full: bool = False, **arguments: Any) -> dict[str, Any]:
    """Return a network as `dealias train` takes it.

    Arguments:
        full: in the paper's size.
        arguments: further ones of its constructor.
    """
    given: dict[str, dict[str, Any]] = {
        "3D CNN-S": {"shared": True},
        "3D CNN": {"shared": False},
        "CRNN A": {},
        "CRNN B": {"features": 128 if full else 96},
    }
    method = "crnn" if name.startswith("CRNN") else "cnn3d"
    return {
        "method": method,
        "method_arguments": {"iterations": 10 if full else 5, **given[name], **arguments},
    }


def training(name: str, films: tuple[str, ...] = (), *, full: bool = False) -> dict[str, Any]:
    """Return the training of a network of the paper's table: whoever asks for the same gets what was trained once.

    Arguments:
        films: measured ones that it learns from too.
        full: in the paper's size.
    """
    return {**network(name, full=full), "films": _films.sources(*films)}


def models(minutes: float, each: float, *, full: bool = False) -> Models:
    """Return what trains the networks of a page, and remembers them.

    Arguments:
        minutes: for all of this run together; 0 only remembers.
        each: minutes for each network.
        full: pairs in the paper's size, and its loss.
    """
    simulation = {**(FULL if full else SHORT), "acceleration": [2.0, 11.0], "coils": 0.0, "hide_noise_level": 0.0}
    return Models(
        minutes,
        data=_data.sources("siat_brain_train"),
        validation=_films.validation(),
        phantoms=30,
        denoised=True,
        photographs=True,
        simulation=simulation,
        loss="last_squared_error" if full else "log_squared_error",
        clip=5.0,
        time=f"{each:g}m",
        every=100,
        patience=10_000,
    )


def parameters(name: str, **arguments: Any) -> int:
    """Return how many parameters a network has, which need not be trained for that."""
    chosen = network(name, **arguments)
    with torch.device("meta"):
        method = find.method(chosen["method"])(**chosen["method_arguments"])
    return sum(value.numel() for value in method.parameters())
