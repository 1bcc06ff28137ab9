"""A measured head whose field of view wraps: error of images by one and by two sets of coil maps.

    python benchmarks/soft_sense.py --data ../shared/data

The reference is the root sum of squares of the fully sampled coils' images, which needs no maps.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import torch

import dealias
from dealias.errors import Note
from dealias.sampling import cartesian
from dealias.soft_sense import SoftSense, whole


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    warnings.simplefilter("ignore", Note)
    full = dealias.Acquisition.centred(np.load(parser.parse_args().data / "mc_alias8_brain.npz")["kspace"])
    truth = full.root_sum_of_squares
    half = full.sampled(cartesian((*truth.shape,), 2, lines="equispaced", centre=0.1, generator=torch.Generator()))
    print("| | one set | two sets |\n|---|---|---|")
    for name, scan in (("all samples", full), ("about every second line", half)):
        one, two = scan.with_maps(dealias.espirit(scan)), SoftSense.of(scan)
        for method in (dealias.load("sense", iterations=15), dealias.load("wavelet")):
            images = dealias.reconstruct(method, one).abs(), whole(dealias.reconstruct(method, two)).abs()
            errors = [float((image - truth).norm() / truth.norm()) for image in images]
            kind = type(method).__name__.lower()
            print(f"| {name}, {kind} | {' | '.join(f'{error:.1%}' for error in errors)} |", flush=True)


if __name__ == "__main__":
    main()
