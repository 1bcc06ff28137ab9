"""How a learned method's hidden samples fare, band by band, on scans such as it learned from: put on its card.

    python benchmarks/usual_errors.py --data ../shared/data --methods rim,modl [--write]

Brains that it learned from and simulated heads, 2x to 5x by points, 3x by lines, noise of 0.001 to 0.004; one coil and
six. Prints mean and deviation of each band in decibels over wavelets (`dealias/error_bar/usual.py`), and writes them
on the cards where --write is given.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import torch

import dealias
from dealias import Acquisition, cards, sampling
from dealias.error_bar import usual
from dealias.error_bar.behind import compared
from dealias.errors import Note
from dealias.phantoms import head
from error_bars import cropped, transformed


def images(folder, count, size):
    """Yield images (y, x) of maximum one: two brains of the training, then a head."""
    stored = np.load(folder / "siat_brain_train.npz")["image"]
    for number in range(count):
        if number % 3 == 2:
            yield head((size, size), seed=number)
            continue
        pairs = stored[number * len(stored) // count].astype(np.float32)
        kspace = cropped(transformed(pairs[..., 0] + 1j * pairs[..., 1]), size).astype(np.complex64)
        image = Acquisition.centred(torch.from_numpy(kspace)).zero_filled
        yield image / image.abs().max()


def scans(folder, count, size):
    """Yield scans of them, each of another kind."""
    for number, image in enumerate(images(folder, count, size)):
        generator = torch.Generator().manual_seed(number)
        if number % 5 == 4:
            mask = sampling.cartesian((*image.shape,), 3, generator=generator)
        else:
            mask = sampling.gaussian((*image.shape,), 2 + number % 4, generator=generator)
        maps = dealias.coils.simulate((*image.shape,), 6, generator=generator) if number % 4 == 3 else None
        yield Acquisition.simulate(image, mask, maps, 0.001 * (1 + number % 4), generator=generator)


def main():
    """Print a line per method."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--methods", default="rim,modl")
    parser.add_argument("--scans", type=int, default=20)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    for name in options.methods.split(","):
        method = dealias.load(name)
        found = []
        for scan in scans(options.data, options.scans, options.size):
            found += [usual.excess(one.own, one.wavelets, one.radius) for one in compared(method, scan)]
        record = usual.record(found)
        words = ", ".join(
            f"{band} {mean:+.1f} +- {deviation:.1f} dB"
            for band, (mean, deviation) in zip(usual.NAMES, record, strict=True)
        )
        print(f"{name}: {words} over wavelets", flush=True)
        if options.write:
            cards.annotate(cards.path_of(name), usual_errors=record)


if __name__ == "__main__":
    main()
