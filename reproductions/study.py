"""The study: deep basis pursuit with ResNet and with U-Net blocks, learned from undersampled k-space alone.

    python reproductions/study.py --set FOLDER/8bits_quarter.h5 [--epochs 100] [--held 5] [--blocks resnet unet]

Cards 14 and 16: four unrolls, two steps of ADMM and ten conjugate gradients each, data as a constraint (epsilon = 0),
batches of 5, the loss in k-space, ADAM of 4e-5 (ResNet) and 1.1e-3 (U-Net). The study reports the slices that it
learned from; --held keeps the last ones from the training and reports those. The sets are made by study_sets.py.
`--size 7` is the study's ResNet; 3 x 3 kernels take a fifth of the time. Prints the NRMSE against epochs and seconds.
"""

import argparse
import time
from pathlib import Path

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.methods.basis_pursuit import BasisPursuit
from dealias.training.example import Example
from dealias.training.losses import measured
from study_sets import read

RATES = {"resnet": 4e-5, "unet": 1.1e-3}
FEATURES = {"resnet": 64, "unet": 32}
BATCH = 5


def network(block: str, size: int, features: int | None) -> BasisPursuit:
    """Return the study's network with one of its blocks."""
    torch.manual_seed(0)
    return BasisPursuit(features or FEATURES[block], 4, block, size, directions=2, gradients=10, ball=0.0)


def nrmse(method: BasisPursuit, scan: Acquisition, images: Tensor) -> Tensor:
    """Return ||x - x*|| / ||x*|| of each complex slice."""
    with torch.no_grad():
        found = torch.stack([method(scan[place]) for place in range(len(images))])
    return torch.linalg.vector_norm(found - images, dim=(-2, -1)) / torch.linalg.vector_norm(images, dim=(-2, -1))


def epoch(method: BasisPursuit, optimiser: torch.optim.Optimizer, scan: Acquisition) -> None:
    """Learn once from each slice, in their order as the study does."""
    places = range(len(scan.kspace))
    for first in places[::BATCH]:
        batch = Acquisition.stack([scan[place] for place in places[first : first + BATCH]])
        example = Example(batch).normalised(method)
        optimiser.zero_grad()
        measured(method.estimates(example.problem), example).backward()
        optimiser.step()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", type=Path, required=True, help="one of the files of study_sets.py")
    parser.add_argument("--slices", type=int, default=15)
    parser.add_argument("--held", type=int, default=0, help="slices that are reported and not learned from")
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--every", type=int, default=10, help="epochs between two reports")
    parser.add_argument("--blocks", nargs="+", choices=RATES, default=[*RATES])
    parser.add_argument("--size", type=int, default=7, help="of the ResNet's kernels")
    parser.add_argument("--features", type=int, help="of the first convolution; else the study's")
    options = parser.parse_args()
    slices = read(options.set, options.slices)
    learned = len(slices.images) - options.held
    if not 0 < learned:
        parser.error(f"{options.held} slices held of {len(slices.images)} leave none to learn from")
    scan = slices.scan
    places = range(learned if options.held else 0, len(slices.images))
    seen = Acquisition.stack([scan[place] for place in range(learned)])
    judged, truth = Acquisition.stack([scan[place] for place in places]), slices.images[places.start :]
    print("| block | epoch | seconds | NRMSE |\n|---|---|---|---|")
    for block in options.blocks:
        method = network(block, options.size, options.features)
        optimiser, seconds = torch.optim.Adam(method.parameters(), lr=RATES[block]), 0.0
        for number in range(options.epochs + 1):
            if number % options.every == 0 or number == options.epochs:
                error = nrmse(method.eval(), judged, truth)
                spread = f"{error.mean():.4f} ± {error.std(correction=0):.4f}"
                print(f"| {block} | {number} | {seconds:.0f} | {spread} |", flush=True)
            start = time.monotonic()
            epoch(method.train(), optimiser, seen)
            seconds += time.monotonic() - start


if __name__ == "__main__":
    main()
