"""One coil, the middle of an image of every data set: PSNR of priors of images alone, or of other methods.

    python benchmarks/one_coil.py --data ../shared/data [--methods wavelet rim diffpir plug_and_play]
    python benchmarks/one_coil.py --data ../shared/data --foreign --methods rim wavelet modl stacked
        [--masks gaussian cartesian] [--accelerations 2 4] [--size 128]

Noise of 0.002 of the maximum in each part, told. No training saw these subjects; --foreign leaves out the brains, which
chose weights.
"""

import argparse
import warnings
from pathlib import Path

import torch

import dealias
from _methods_table import show_methods
from dealias import cards, find
from dealias.errors import Note
from quality import FOREIGN, data_sets

NOISE = 0.002


def cases(folder, size, masks, accelerations, foreign):
    """Yield the name of each case, its scan and its true magnitude (y, x)."""
    for name, images in data_sets(folder, 1):
        if foreign and not name.startswith(FOREIGN):
            continue
        image = images[0]
        first, left = (max(0, n // 2 - size // 2) for n in image.shape)
        image = image[first : first + size, left : left + size]
        image = image / image.abs().max()
        for kind in masks:
            for acceleration in accelerations:
                generator = torch.Generator().manual_seed(0)
                mask = find.mask(kind)((*image.shape,), acceleration, generator=generator)
                scan = dealias.Acquisition.simulate(image, mask, noise_std=NOISE, generator=generator)
                yield f"`{name}`, {kind} {acceleration:g}x", scan, image.abs()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--methods", nargs="+", default=["wavelet", "rim", "diffpir", "plug_and_play"])
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--masks", nargs="+", default=["gaussian"])
    parser.add_argument("--accelerations", nargs="+", type=float, default=[4.0])
    parser.add_argument("--foreign", action="store_true", help="leave out the brains")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    methods = {name: cards.load_written(name) for name in options.methods}
    which = options.size, options.masks, options.accelerations, options.foreign
    show_methods(methods, cases(options.data, *which))


if __name__ == "__main__":
    main()
