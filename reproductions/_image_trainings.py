"""Trainings that several pages share: what has the same settings here is trained once."""

from _data import sources
from _models import Models

USUAL = 1e-3  # ADAM's rate
RATE = 3e-3  # of a RIM that learns for minutes: sensitivity.py compares it with others
# of the paper's pairs: points drawn from a Gaussian density, one coil, the image as it is
PLAIN = {"lines": 0.0, "image_noise": 0.0, "band": 0.0, "coils": 0.0, "hide_noise_level": 0.0}

WHY = (
    "Where a claim does not hold: networks that learned for minutes are still learning, and a RIM then lacks most "
    "where little is missing; each is one training, in which chance has a part; and the papers' images are others. "
    "The full form, hours instead of minutes, is at the top of the page's script."
)


def brains(minutes):
    """Return what trains on the SIAT brains, or remembers; minutes: for all of this run together."""
    return Models(minutes, data=sources("siat_brain_train"), validation=sources("siat_brain_val"))


def pairs(crop, batch, **ranges):
    """Return how pairs are drawn: square crops, and the ranges of acceleration and noise where they are not ours."""
    return {**PLAIN, "crop": [crop, crop], "batch": batch, **{name: [*ends] for name, ends in ranges.items()}}


def rim(updates, steps=8, features=64, *, crop=30, batch=8, seed=0, rate=RATE, **ranges):
    """Return the paper's training: squared error of all steps, equal weights; no consistency, which is ours.

    It is validated once, at its end: no subject chooses, so that the one who judges is held back in full.
    """
    return {
        "method": "rim",
        "method_arguments": {"features": features, "iterations": steps},
        "simulation": pairs(crop, batch, **ranges),
        "loss": "squared_error",
        "rate": rate,
        "updates": updates,
        "every": updates,
        "seed": seed,
    }


def unet(updates, features=24, *, crop, batch, seed=0, **ranges):
    """Return the same training of a U-Net that makes magnitudes, at ADAM's usual rate."""
    return {
        **rim(updates, crop=crop, batch=batch, seed=seed, rate=USUAL, **ranges),
        "method": "unet",
        "method_arguments": {"features": features},
        "loss": "magnitude_error",
    }
