"""What every method made of fixed scans when it was last looked at: `golden.safetensors`, written by this file.

    python tests/golden.py              # whatever is missing
    python tests/golden.py rim unet     # these methods anew, because they were wrong before
    python tests/golden.py --all

The images are computed in double precision and kept in single, so that they say what a method computes and not in
which order: see test_golden.py.

Scans are formulas and NumPy's frozen RandomState: neither PyTorch's random stream nor our own simulation decides what
is measured. Networks have no weights of their own here: PyTorch's seed 0 draws them.
"""

import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file, save_file

import dealias
from dealias.errors import Note
from dealias.find import method, names

FILE = Path(__file__).with_suffix(".safetensors")
SHIPPED = ("complex_rim", "crnn", "rim")
VARIANTS = {"crnn_motion": ("crnn", {"motion": True})}
FILM_METHODS = ("cnn3d", "crnn", "crnn_motion", "kt_focuss", "kt_slr", "low_rank_sparse", "shipped_crnn")
NOISE = 0.02


class Scan(NamedTuple):
    """A scan by what makes a difference to methods."""

    film: bool
    coils: int
    lines: bool  # or points
    told: bool  # whether the noise level is known

    def __str__(self):
        words = ("film" if self.film else "image", f"{self.coils}_coils", "lines" if self.lines else "points")
        return "_".join((*words, "noise_told" if self.told else "noise_untold"))


# every pair of properties, in half as many scans as there are combinations
PAIRS = ((1, False, True), (3, False, False), (1, True, False), (3, True, True))
IMAGES = [Scan(False, *properties) for properties in PAIRS]
FILMS = [Scan(True, *properties) for properties in PAIRS]


def subjects():
    """What is reconstructed: every method with few features and iterations, and the weights that are shipped."""
    return [*names("methods"), *VARIANTS, *(f"shipped_{name}" for name in SHIPPED)]


def make(subject):
    """The method of a name."""
    if subject.startswith("shipped_"):
        return dealias.load(subject.removeprefix("shipped_"))
    name, variant = VARIANTS.get(subject, (subject, {}))
    small = import_module(f"methods.test_{name}").SMALL
    torch.manual_seed(0)
    return method(name)(**{**small, **variant}).eval()


def scans(subject):
    """The scans that a method meets: images and one film, or films alone."""
    return FILMS if subject in FILM_METHODS else [*IMAGES, FILMS[-1]]


def key(subject, scan):
    return f"{subject}/{scan}"


def keys():
    return [key(subject, scan) for subject in subjects() for scan in scans(subject)]


def truth(frames, rows, columns):
    """A beating ellipse with an inner one that turns, of smooth phase (time, y, x)."""
    t = np.arange(frames)[:, None, None] / frames
    y, x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)
    size = 0.75 + 0.1 * np.sin(2 * np.pi * t)
    angle = 2 * np.pi * t + 0.6
    inner = (y - 0.35 * np.sin(angle)) ** 2 + (x - 0.35 * np.cos(angle)) ** 2 < 0.05
    body = (y / size) ** 2 + (x / 0.8) ** 2 < 1
    return (0.6 * body + 0.4 * inner + 0.1 * body * np.cos(5 * x)) * np.exp(1j * (0.5 + 0.7 * x - 0.4 * y * y))


def coil_maps(coils, rows, columns):
    """Smooth maps (coil, y, x) of unit root sum of squares."""
    y, x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)
    angles = 2 * np.pi * np.arange(coils) / coils
    maps = [np.exp(-((y - np.sin(a)) ** 2) - (x - np.cos(a)) ** 2 + 1j * (a + x * y)) for a in angles]
    return maps / np.sqrt(np.square(np.abs(maps)).sum(0))


def pattern(scan, frames, rows, columns, random):
    """Where a scan samples (time, 1, y, x): about 40 per cent, more in the centre; lines of images lie along y."""
    y = np.abs(np.arange(rows) - rows // 2)[:, None] / rows
    x = np.abs(np.arange(columns) - columns // 2) / columns
    if scan.lines:
        distance, shape = (y, (rows, 1)) if scan.film else (x[None], (1, columns))
    else:
        distance, shape = np.hypot(y, x), (rows, columns)
    chance = np.where(distance < 0.1, 1, 0.8 * np.exp(-3 * distance))
    return (random.random_sample((frames, *shape)) < chance)[:, None]


def acquisition(scan):
    """The scan, in double precision."""
    random = np.random.RandomState(5)
    frames, rows, columns = (4, 9, 12) if scan.film else (1, 18, 25)
    maps = coil_maps(scan.coils, rows, columns) if scan.coils > 1 else np.ones((1, rows, columns))
    images = np.fft.ifftshift(maps * truth(frames, rows, columns)[:, None], (-2, -1))
    kspace = np.fft.fftshift(np.fft.fft2(images, norm="ortho"), (-2, -1))
    kspace = kspace + NOISE * (random.standard_normal(kspace.shape) + 1j * random.standard_normal(kspace.shape))
    mask = pattern(scan, frames, rows, columns, random)
    kspace = kspace * mask
    maps, noise_std = maps if scan.coils > 1 else None, NOISE if scan.told else None
    if scan.film:
        return dealias.Acquisition.centred(kspace, mask, maps, noise_std, axes=("time", "y", "x"))
    return dealias.Acquisition.centred(kspace[0], mask[0], maps, noise_std)


def image(subject, scan, precision="float64"):
    """What a method makes of a scan."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Note)  # that a noise level is estimated
        return dealias.reconstruct(make(subject), acquisition(scan), precision=precision)


def record(wanted):
    """Write the images of these methods, keep those of others and drop those of none."""
    kept = load_file(FILE) if FILE.exists() else {}
    images = {}
    for subject in subjects():
        for scan in scans(subject):
            name = key(subject, scan)
            again = subject in wanted or name not in kept
            images[name] = image(subject, scan).to(torch.complex64).contiguous() if again else kept[name]
            if again:
                print(name)
    save_file(images, FILE)
    print(f"{FILE.name}: {len(images)} images, {FILE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    torch.set_num_threads(1)
    warnings.simplefilter("error")
    wanted = subjects() if sys.argv[1:] == ["--all"] else sys.argv[1:]
    unknown = set(wanted) - set(subjects())
    sys.exit(f"unknown: {', '.join(unknown)}; known: {', '.join(subjects())}") if unknown else record(wanted)
