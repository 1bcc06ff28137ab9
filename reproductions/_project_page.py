"""The real and the complex RIM as the project page trained them, T = 10, and what they were worth as they learned."""

import math

import torch

import dealias
from _data import held_back, kept, scans, sources
from _image_trainings import USUAL, rim
from dealias.evaluation.metrics import mse

FEATURES = {"rim": 64, "complex_rim": 32}  # as many real channels, and about as much arithmetic
CENTRE = math.sqrt(0.02 / math.pi)  # half-axes of the ellipse of 2 % of k-space
STEPS, VALIDATIONS, SIDE = 10, 20, 96


def history(models, method, updates, seed=0):
    """Return the network after every twentieth of its training, by the number of updates."""
    settings = rim(updates, STEPS, FEATURES[method], rate=USUAL, acceleration=(2.0, 6.0), seed=seed)
    settings["simulation"]["centre"] = CENTRE
    settings |= {"method": method, "every": max(1, updates // VALIDATIONS), "patience": VALIDATIONS + 1}
    data, validation = sources("siat_brain_train"), kept("siat_brain_val", f"middle_{SIDE}", squares(5))
    return models.history(**settings, data=data, validation=validation)


def squares(count):
    """Return the middle of so many held-back slices: what is asked often should cost little."""
    images = held_back(count)
    return [image[tuple(slice((n - SIDE) // 2, (n + SIDE) // 2) for n in image.shape)] for image in images]


def errors(methods, images, acceleration):
    """Return the mean squared error of the complex images after every step (method, step), their maximum at one."""
    pairs = scans(images, acceleration, centre=CENTRE)
    scan = dealias.Acquisition.stack([scan for scan, _ in pairs])
    truth = torch.stack([image for _, image in pairs])
    return torch.stack(
        [torch.stack([mse(x, truth, phase=True).mean() for x in dealias.iterate(method, scan)]) for method in methods]
    )


def described(updates, *methods):
    """Return how they were trained, in words."""
    kinds = {"rim": "real", "complex_rim": "complex"}
    features = " or ".join(f"{FEATURES[method]} {kinds[method]}" for method in methods)
    return (
        f"{updates} updates of 8 patches of 30 x 30 at 2x to 6x, the 2 % lowest frequencies always sampled, "
        f"T = {STEPS}, squared error of all steps; {features} features"
    )
