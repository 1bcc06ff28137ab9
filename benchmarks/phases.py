"""Six coils, lines, one image of every data set: its own phase, that phase without its edges, and one with more.

    python benchmarks/phases.py --data ../shared/data [--methods wavelet rim modl stacked] [--acceleration 4]

Fat turns otherwise than water, and the field jumps at air: phases of images have edges. A network that saw smooth ones
takes them for aliasing. Maps are found in what is left, noise of 0.003 of the maximum in each part is not told.
"""

import argparse
import warnings
from dataclasses import replace
from pathlib import Path

import torch

import dealias
from _methods_table import show_methods
from dealias import Acquisition, cards, coils, sampling
from dealias.errors import Note
from dealias.training.augment import tissue_phase
from quality import data_sets

NOISE, COILS = 0.003, 6
SMOOTH = 0.06  # of the largest frequency: what of an image gives the smooth phase


def phases(image):
    """Yield what each kind of phase is called, and an image (y, x) that has it."""
    yield "own", image
    rows, columns = (2 * torch.fft.fftfreq(n).abs() for n in image.shape)
    low = torch.fft.ifft2(torch.fft.fft2(image) * (rows[:, None] < SMOOTH) * (columns < SMOOTH))
    yield "smooth", torch.polar(image.abs(), low.angle())
    yield "more edges", image * tissue_phase(image, torch.Generator().manual_seed(1))


def cases(folder, acceleration):
    """Yield the name of each case, its scan and its true magnitude (y, x)."""
    for name, images in data_sets(folder, 1):
        for phase, image in phases(images[0] / images[0].abs().max()):
            generator = torch.Generator().manual_seed(5)
            shape = (*image.shape,)
            maps = coils.simulate(shape, COILS, generator=generator)
            mask = sampling.cartesian(shape, acceleration, lines="equispaced", centre=0.1, generator=generator)
            scan = replace(Acquisition.simulate(image, mask, maps, NOISE, generator=generator), noise_std=None)
            found = dealias.espirit(replace(scan, maps=None))
            yield f"`{name}`, {phase}", scan.with_maps(found), image.abs()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--methods", nargs="+", default=["wavelet", "rim", "modl", "stacked"])
    parser.add_argument("--acceleration", type=float, default=4.0)
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    show_methods(
        {name: cards.load_written(name) for name in options.methods}, cases(options.data, options.acceleration)
    )


if __name__ == "__main__":
    main()
