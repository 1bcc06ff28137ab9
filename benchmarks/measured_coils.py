"""Several measured coils, no noise level told, maps found in what is left: PSNR of each method, and of their stack.

    python benchmarks/measured_coils.py --data ../shared/data

References are the fully sampled scans combined by ESPIRiT's maps of all samples.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import torch

import dealias
from dealias import sampling
from dealias.errors import Note
from dealias.evaluation.metrics import psnr

METHODS = ("wavelet", "total_variation", "rim", "modl", "stacked")
MASKS = {
    "Gaussian 4x": lambda shape, g: sampling.gaussian(shape, 4, centre=0.06, generator=g),
    "Poisson 6x": lambda shape, g: sampling.poisson(shape, 6, centre=0.05, generator=g),
    "random lines 4x": lambda shape, g: sampling.cartesian(shape, 4, generator=g),
    "equispaced lines 3x": lambda shape, g: sampling.cartesian(shape, 3, lines="equispaced", centre=0.1, generator=g),
}


def scans(folder):
    """Yield what was measured in full, by name; the second without its oversampling."""
    yield "brain, 8 coils", np.load(folder / "mc_espirit_brain8_full.npz")["kspace"]
    kspace = np.load(folder / "mc_agile_t2brain4.npz")["kspace"]
    image = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, (-2, -1))), (-2, -1))[..., 128:384]
    yield "brain, 4 coils", np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image, (-2, -1))), (-2, -1)).astype("c8")


def cases(folder, seeds=(1,)):
    """Yield what is measured in words, the scan with the maps of what is left, and its reference (y, x).

    Arguments:
        folder: of the measured data.
        seeds: of the masks, one scan for each.
    """
    for name, kspace in scans(folder):
        full = dealias.Acquisition.centred(kspace)
        truth = full.with_maps(dealias.espirit(full)).zero_filled.abs()
        for kind, draw in MASKS.items():
            for seed in seeds:
                scan = full.sampled(draw((*truth.shape,), torch.Generator().manual_seed(seed)))
                yield f"{name}, {kind}", scan.with_maps(dealias.espirit(scan)), truth


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data
    warnings.simplefilter("ignore", Note)
    methods = {name: dealias.load(name) for name in METHODS}
    print(f"| | {' | '.join(METHODS)} |")
    print("|---" * (len(METHODS) + 1) + "|")
    rows = []
    for name, scan, truth in cases(folder):
        values = [psnr(dealias.reconstruct(m, scan).abs(), truth).item() for m in methods.values()]
        rows.append(values)
        print(f"| {name} | {' | '.join(f'{value:.2f}' for value in values)} |", flush=True)
    gain = np.array(rows) - np.array(rows)[:, :1]
    print(f"| mean gain over wavelet | {' | '.join(f'{value:+.2f}' for value in gain.mean(0))} |")
    print(f"| least gain over wavelet | {' | '.join(f'{value:+.2f}' for value in gain.min(0))} |")


if __name__ == "__main__":
    main()
