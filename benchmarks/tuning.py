"""Arguments by themselves, chosen by hidden samples of the scan, and chosen by the truth: PSNR of each method.

    python benchmarks/tuning.py --data ../shared/data [--methods rim,wavelet] [--size 128]

Measured coils, no noise level told, maps by ESPIRiT from what is left; references are the full scans combined by the
maps of all samples. And bodies that no training saw, seen by one coil with noise of 0.001 told.
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
from error_bars import cropped, one_coil, transformed
from measured_coils import scans

MASKS = {
    "Gaussian 4x": lambda shape, g: sampling.gaussian(shape, 4, centre=0.1, generator=g),
    "random lines 3x": lambda shape, g: sampling.cartesian(shape, 3, centre=0.12, generator=g),
    "equispaced lines 3x": lambda shape, g: sampling.cartesian(shape, 3, lines="equispaced", centre=0.12, generator=g),
}


def measured(folder):
    """Yield the full k-space of each scan of several coils by name; the last is an image seen through measured maps."""
    yield from scans(folder)
    arrays = np.load(folder / "mc_aligned32.npz")
    image = arrays["image"] * arrays["sens"][::4]
    noise = np.random.default_rng(0).normal(scale=0.01 * np.abs(image).max(), size=(2, *image.shape))
    yield "maps of 8 of 32 coils", transformed(image + noise[0] + 1j * noise[1]).astype(np.complex64)


def cases(folder, size):
    """Yield the kind of coils, the name, the scan and the true magnitude of each case."""
    for name, kspace in measured(folder):
        full = dealias.Acquisition.centred(cropped(kspace, size))
        truth = full.with_maps(dealias.espirit(full)).zero_filled.abs()
        for kind, draw in MASKS.items():
            scan = full.sampled(draw((*truth.shape,), torch.Generator().manual_seed(1)))
            yield "measured coils", f"{name}, {kind}", scan.with_maps(dealias.espirit(scan)), truth
    for _, name, image in one_coil(folder):
        for kind, draw in MASKS.items():
            mask = draw((*image.shape,), torch.Generator().manual_seed(1))
            scan = dealias.Acquisition.simulate(image, mask, None, 1e-3, generator=torch.Generator().manual_seed(2))
            yield "one coil", f"{name}, {kind}", scan, image.abs()


def judged(tuned, scan, truth):
    """Return PSNR by itself, tuned by hidden samples and by the truth, and what both chose; of the first knob alone."""
    method = tuned.method
    name, grid = next(iter(method.knobs.items()))
    own = method.arguments[name]
    chosen = tuned.chosen(scan.normalised()[0])[name]
    tried = list(dict.fromkeys((own, *grid)))
    with torch.no_grad():
        images = method.alternatives(scan, name, tried)
        found = {value: float(psnr(image.abs(), truth)) for value, image in zip(tried, images, strict=True)}
    best = max(found, key=found.get)
    return (found[own], found[chosen], found[best]), (chosen, best)


def main():
    """Print a line per case and method, then the means."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--methods", default="rim,wavelet,total_variation")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--coils", default="measured coils,one coil")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    methods = {name: dealias.load("tuned", of=name) for name in options.methods.split(",")}
    rows = {}
    print("| case | method | by itself | tuned by hidden samples | tuned by the truth |\n|---|---|---|---|---|")
    for coils, name, scan, truth in cases(options.data, options.size):
        if coils not in options.coils.split(","):
            continue
        for method, tuned in methods.items():
            values, (chosen, best) = judged(tuned, scan, truth)
            rows.setdefault((coils, method), []).append(values)
            cells = f"{values[0]:.2f} | {values[1]:.2f} ({worded(chosen)}) | {values[2]:.2f} ({worded(best)})"
            print(f"| {name} | {method} | {cells} |", flush=True)
    for (coils, method), values in rows.items():
        own, chosen, best = np.array(values).T
        print(
            f"{coils}, {method}, {len(own)} cases: hidden samples gain {np.mean(chosen - own):+.2f} dB "
            f"({np.min(chosen - own):+.2f} to {np.max(chosen - own):+.2f}), the truth {np.mean(best - own):+.2f} dB"
        )


def worded(value):
    return "by itself" if value is None else f"{value:g}"


if __name__ == "__main__":
    main()
