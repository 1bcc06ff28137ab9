"""What a generator and a flow can make at all, and what they make of undersampled data, beside compressed sensing.

    python benchmarks/latent_priors.py --data ../shared/data [--images 3] [--sets siat,knee]
    python benchmarks/latent_priors.py --data ../shared/data --sets none --coils

Images that neither prior saw, at 80 x 64 magnitudes of 4 and of 8 bits. Representation: min_z |G(z) - x| / |x|. Then
one coil, 2D Gaussian masks at 4x, no noise, as the study of flows had it: PSNR of the flow's three objectives. With
--coils at last what they make of heads whose coils were measured, at full size: the phase comes from the middle of
k-space, what is finer than 80 x 64 from the data alone. reproductions/flow.py is the study itself.
"""

import argparse
import warnings
from pathlib import Path

import torch

import dealias
from dealias.errors import Note
from dealias.evaluation.metrics import psnr
from dealias.methods.flow_prior import FlowPrior
from dealias.methods.generator_prior import GeneratorPrior
from dealias.priors._magnitudes import small_magnitudes
from measured_coils import cases
from quality import data_sets

SIZE = (80, 64)


def representation(image):
    """What the generator and the flow miss of an image, per cent, and the bits that a pixel takes by the flow."""
    scan = dealias.Acquisition.simulate(image.to(torch.complex64), torch.ones(SIZE, dtype=torch.bool))
    flow = FlowPrior(l1_weight=0.0, probability_weight=0.0)
    missed = []
    for method in (GeneratorPrior(weight=0.0), flow):
        *_, made, _ = dealias.iterate(method, scan)  # the last one obeys the data, which are all
        missed.append(100 * float((made.abs() - image).norm() / image.norm()))
    with torch.no_grad():
        return *missed, float(flow.prior.loss(image, torch.Generator().manual_seed(0)))


def reconstructions(image, bits, number):
    """The PSNR of each method at 4x, the flow's with each of its objectives."""
    image = (image * (2**bits - 1)).round() / (2**bits - 1)
    mask = dealias.sampling.gaussian(SIZE, 4, generator=torch.Generator().manual_seed(number))
    scan = dealias.Acquisition.simulate(image.to(torch.complex64), mask)
    methods = (
        dealias.load("wavelet"),
        GeneratorPrior(),
        FlowPrior(probability_weight=0.0),
        FlowPrior(l1_weight=0.0),
        FlowPrior(),
    )
    return [float(psnr(dealias.reconstruct(method, scan).abs(), image)) for method in methods]


def several_coils(scan, truth):
    """The PSNR of compressed sensing, of the data alone, of the generator and the flow."""
    methods = (
        dealias.load("wavelet"),
        dealias.load("sense"),
        GeneratorPrior(iterations=100, restarts=2, rate=0.1),
        FlowPrior(),
    )
    return [float(psnr(dealias.reconstruct(method, scan).abs(), truth)) for method in methods]


def table(title, header, rows):
    """Print a table as its rows come, and their mean."""
    print(f"{title}\n\n| | {' | '.join(header)} |\n{'|---' * (len(header) + 1)}|", flush=True)
    values = []
    for name, row in rows:
        values.append(row)
        print(f"| `{name}` | {' | '.join(f'{value:.2f}' for value in row)} |", flush=True)
    print(f"| mean | {' | '.join(f'{value:.2f}' for value in torch.tensor(values).mean(0).tolist())} |\n", flush=True)


def small_images(found):
    """Print what the priors know of small images, and make of a quarter of their samples."""
    table(
        "Representation error, per cent; bits per pixel of the 4-bit image",
        ["generator", "flow", "bits"],
        ((name, representation(image)) for name, image in found),
    )
    for bits in (4, 8):
        table(
            f"PSNR of {bits}-bit images at 4x",
            ["wavelet", "generator", "flow: L1", "flow: log-probability", "flow: combined"],
            ((name, reconstructions(image, bits, number)) for number, (name, image) in enumerate(found)),
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--images", type=int, default=1, help="of each set")
    parser.add_argument("--sets", default="", help="only those whose names hold one of these, with commas between")
    parser.add_argument("--coils", action="store_true", help="two heads whose coils were measured, too: minutes")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    found = [
        (name, small_magnitudes(image, SIZE))
        for name, images in data_sets(options.data, options.images)
        if any(part in name for part in options.sets.split(","))
        for image in images
    ]
    if found:
        small_images(found)
    if options.coils:
        table(
            "PSNR of heads whose coils were measured, at full size and 4x",
            ["wavelet", "sense", "generator", "flow: combined"],
            ((name, several_coils(scan, truth)) for name, scan, truth in cases(options.data, kinds=["Gaussian 4x"])),
        )


if __name__ == "__main__":
    main()
