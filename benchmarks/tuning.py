"""Arguments by themselves, chosen by hidden samples of the scan, and chosen by the truth: PSNR of each method.

    python benchmarks/tuning.py --data ../shared/data [--methods rim,wavelet] [--size 128] [--masks "Gaussian 4x"]

Measured coils, no noise level told, maps by ESPIRiT from what is left; references are the full scans combined by the
maps of all samples. And bodies that no training saw, seen by one coil with noise of 0.001 told.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import torch

import dealias
from dealias import cards, sampling
from dealias.errors import Note
from dealias.evaluation.metrics import psnr
from dealias.methods.tuned import chosen
from error_bars import cropped, one_coil, transformed
from measured_coils import scans

# arguments that hidden samples choose no better than the method does by itself, so that they are no knobs of it
TRIED = {
    "diffpir": {"prior_weight": (0.25, 0.5, 1.0, 2.0, 4.0)},
    "rim": {"trust": (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)},
    "total_variation": {"regularisation": (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016)},
}
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


def cases(folder, size, masks=tuple(MASKS), wanted=("measured coils", "one coil")):
    """Yield the kind of coils, the name, the scan and the true magnitude of each case."""
    for coils, name, full, truth in complete(folder, size):
        if coils not in wanted:
            continue
        for kind in masks:
            mask = MASKS[kind]((*truth.shape,), torch.Generator().manual_seed(1))
            if coils == "measured coils":
                scan = full.sampled(mask)
                scan = scan.with_maps(dealias.espirit(scan))
            else:
                scan = dealias.Acquisition.simulate(full, mask, None, 1e-3, generator=torch.Generator().manual_seed(2))
            yield coils, f"{name}, {kind}", scan, truth


def complete(folder, size):
    """Yield the kind of coils, the name, the full scan or the image, and the true magnitude of each body."""
    for name, kspace in measured(folder):
        full = dealias.Acquisition.centred(cropped(kspace, size))
        yield "measured coils", name, full, full.with_maps(dealias.espirit(full)).zero_filled.abs()
    for _, name, image in one_coil(folder):
        kspace = dealias.Acquisition.simulate(image, torch.ones(image.shape)).centred_kspace
        image = dealias.Acquisition.centred(cropped(kspace, size)).zero_filled
        image = image / image.abs().max()
        yield "one coil", name, image, image.abs()


def judged(method, knobs, scan, truth):
    """Return PSNR by itself, tuned by hidden samples and by the truth, and what both chose."""
    [(name, grid)] = knobs.items()
    own = method.arguments[name]
    best = chosen(method, scan, knobs)[name]
    found = {
        value: float(psnr(dealias.reconstruct(method.with_arguments(**{name: value}), scan).abs(), truth))
        for value in dict.fromkeys((own, *grid))
    }
    highest = max(found, key=found.get)
    return (found[own], found[best], found[highest]), (best, highest)


def main():
    """Print a line per case and method, then the means."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--methods", default="rim,wavelet,total_variation")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--coils", default="measured coils,one coil")
    parser.add_argument("--masks", default=",".join(MASKS))
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    methods = {name: cards.load_written(name) for name in options.methods.split(",")}
    rows = {}
    print("| case | method | by itself | tuned by hidden samples | tuned by the truth |\n|---|---|---|---|---|")
    for coils, name, scan, truth in cases(
        options.data, options.size, options.masks.split(","), options.coils.split(",")
    ):
        for title, method in methods.items():
            values, (best, highest) = judged(method, TRIED.get(title.split(":")[0]) or method.knobs, scan, truth)
            rows.setdefault((coils, title), []).append(values)
            cells = f"{values[0]:.2f} | {values[1]:.2f} ({worded(best)}) | {values[2]:.2f} ({worded(highest)})"
            print(f"| {name} | {title} | {cells} |", flush=True)
    for (coils, method), values in rows.items():
        own, tuned, highest = np.array(values).T
        print(
            f"{coils}, {method}, {len(own)} cases: hidden samples gain {np.mean(tuned - own):+.2f} dB "
            f"({np.min(tuned - own):+.2f} to {np.max(tuned - own):+.2f}), the truth {np.mean(highest - own):+.2f} dB"
        )


def worded(value):
    return "by itself" if value is None else f"{value:g}"


if __name__ == "__main__":
    main()
