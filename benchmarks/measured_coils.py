"""Several measured coils, no noise level told, maps found in what is left: PSNR of every method, and of their stack.

    python benchmarks/measured_coils.py --data ../shared/data [--measured-maps] [--methods wavelet rim modl ...]

Without --methods: compressed sensing, every network of images that has weights, and the stack. References are the fully
sampled scans combined by ESPIRiT's maps of all samples; --measured-maps adds an image seen through 16 of them.
"""

import argparse
import warnings
from itertools import chain
from pathlib import Path

import numpy as np
import torch

import dealias
from _methods_table import show_methods
from dealias import cards, find, sampling
from dealias.errors import Note

CS, NOISE = ("wavelet", "sense", "total_variation"), 0.002  # of the maximum, in each part
MASKS = {
    "Gaussian 4x": lambda shape, g: sampling.gaussian(shape, 4, centre=0.06, generator=g),
    "Poisson 6x": lambda shape, g: sampling.poisson(shape, 6, centre=0.05, generator=g),
    "random lines 4x": lambda shape, g: sampling.cartesian(shape, 4, centre=max(0.08, 13 / shape[1]), generator=g),
    "equispaced lines 3x": lambda shape, g: sampling.cartesian(shape, 3, lines="equispaced", centre=0.1, generator=g),
}


def scans(folder):
    """Yield what was measured in full, by name; the second without its oversampling."""
    yield "brain, 8 coils", np.load(folder / "mc_espirit_brain8_full.npz")["kspace"]
    kspace = np.load(folder / "mc_agile_t2brain4.npz")["kspace"]
    image = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, (-2, -1))), (-2, -1))[..., 128:384]
    yield "brain, 4 coils", np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image, (-2, -1))), (-2, -1)).astype("c8")


def measured_maps(folder):
    """Yield what every second one of 32 measured coils would measure of an image."""
    file = np.load(folder / "mc_aligned32.npz")
    image, maps = (torch.from_numpy(file[name]).to(torch.complex64) for name in ("image", "sens"))
    maps = maps[::2]
    maps = maps / maps.abs().square().sum(0).sqrt().clamp_min(1e-3)
    full = torch.ones(image.shape, dtype=torch.bool)
    generator = torch.Generator().manual_seed(0)
    scan = dealias.Acquisition.simulate(image / image.abs().max(), full, maps, NOISE, generator=generator)
    yield "brain, 16 measured maps", scan.centred_kspace.numpy()


def cases(folder, seeds=(1,), sets=scans, kinds=tuple(MASKS)):
    """Yield what is measured in words, the scan with the maps of what is left, and its reference (y, x).

    Arguments:
        folder: of the measured data.
        seeds: of the masks, one scan for each.
        sets: what yields names and fully sampled k-space.
        kinds: of masks, by name.
    """
    for name, kspace in sets(folder):
        full = dealias.Acquisition.centred(kspace)
        truth = full.with_maps(dealias.espirit(full)).zero_filled.abs()
        for kind in kinds:
            for seed in seeds:
                scan = full.sampled(MASKS[kind]((*truth.shape,), torch.Generator().manual_seed(seed)))
                yield f"{name}, {kind}", scan.with_maps(dealias.espirit(scan)), truth


def everyone():
    """Return the names of compressed sensing, of every network of images that has weights, and of the stack."""
    networks = [name for name in cards.shipped("methods") if not find.method(name).joint]
    return [*CS, *networks, "plug_and_play", "stacked"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--methods", nargs="+", help="such as rim:trust=0.9, or weights; the first is what others are compared with"
    )
    parser.add_argument("--measured-maps", action="store_true", help="an image seen through 16 measured maps, too")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    more = cases(options.data, sets=measured_maps) if options.measured_maps else ()
    methods = {name: cards.load_written(name) for name in options.methods or everyone()}
    show_methods(methods, chain(cases(options.data), more))


if __name__ == "__main__":
    main()
