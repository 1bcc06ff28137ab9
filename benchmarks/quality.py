"""The shipped RIM against wavelet compressed sensing with tuned regularisation, on data that it never saw.

Every image is measured in simulation: 2D Gaussian masks, noise of 0.001 of the maximum in each part. The
regularisation of compressed sensing is the best of a grid for each data set and acceleration, judged by the
truth; the automatic one, which users get, stands beside it. PSNR and SSIM of magnitudes.

    python benchmarks/quality.py --data ../shared/data [--accelerations 2,3,4,5] [--images 6] [-o out/quality.csv]
"""

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

import dealias
from dealias.evaluation.metrics import psnr, ssim
from dealias.phantoms import head, shepp_logan
from machine import describe

GRID = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016)
FOREIGN = ("kellman_fatwater", "ukat_b0_256", "ukat_r2star_philips", "ukat_t1_philips", "sc_kspace")


def pairs(array):
    """Return complex images (n, y, x) of maximum 1 from an array (..., y, x, 2)."""
    images = torch.view_as_complex(torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)))
    images = images.reshape(-1, *images.shape[-2:])
    return [image / image.abs().max() for image in images]


def spread(images, count):
    """Return `count` of the images, evenly spread."""
    return [images[i] for i in np.linspace(0, len(images) - 1, min(count, len(images))).round().astype(int)]


def data_sets(folder, count):
    """Yield (name, images); brains of a subject that chose the weights, and bodies that nobody trained on."""
    if folder is None:
        yield "phantom", [head((256, 256), seed=seed) for seed in range(1000, 1000 + count)]
        yield "shepp_logan", [shepp_logan((200, 181)).to(torch.complex64)]
        return
    brain = np.load(folder / "siat_brain_val.npz")
    yield "siat_brain_val", spread(pairs(brain["image"] * brain["scale"][:, None, None, None]), count)
    for name in FOREIGN:
        arrays = np.load(folder / f"{name}.npz")
        if name == "kellman_fatwater":
            images = [image for key in arrays if not key.endswith("_te") for image in pairs(arrays[key])[:1]]
        elif name == "sc_kspace":
            for key in arrays:
                if key != "swastling":  # written without the inner shift: its head lies in the corners
                    scan = dealias.Acquisition.centred(arrays[key])
                    yield f"{name}/{key}", [scan.zero_filled / scan.zero_filled.abs().max()]
            continue
        else:
            images = pairs(arrays["image"])
        yield name, spread(images, count)


def main():
    """Print a table, and write every number to a CSV file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--accelerations", default="2,3,4,5")
    parser.add_argument("--images", type=int, default=6)
    parser.add_argument("--noise", type=float, default=0.001)
    parser.add_argument("--weight", default="rim")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("-o", "--output", type=Path, default=Path("out/quality.csv"))
    options = parser.parse_args()
    rim = dealias.load(options.weight)
    methods = {f"wavelet {value}": dealias.load("wavelet", regularisation=value) for value in GRID}
    methods |= {"wavelet auto": dealias.load("wavelet"), "zero_filled": dealias.load("zero_filled"), "rim": rim}
    accelerations = [float(value) for value in options.accelerations.split(",")]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    scores = defaultdict(list)
    with options.output.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("set", "image", "acceleration", "method", "psnr", "ssim"))
        for name, images in data_sets(options.data, options.images):
            for number, image in enumerate(tqdm(images, desc=name, leave=False)):
                for acceleration in accelerations:
                    generator = torch.Generator().manual_seed(1000 + number)
                    mask = dealias.sampling.gaussian((*image.shape,), acceleration, generator=generator)
                    scan = dealias.Acquisition.simulate(image, mask, noise_std=options.noise, generator=generator)
                    for key, method in methods.items():
                        precision = options.precision if key == "rim" else "float32"
                        estimate = dealias.reconstruct(method, scan, precision=precision)
                        score = float(psnr(estimate, image)), float(ssim(estimate, image))
                        rows.writerow((name, number, acceleration, key, *score))
                        scores[name, acceleration, key].append(score)
            file.flush()
    report(scores, accelerations)
    print(f"\n{options.weight}, noise {options.noise:g}; {describe()}")


def report(scores, accelerations):
    """Print the means over the images of each set."""
    mean = {key: np.mean(values, 0) for key, values in scores.items()}
    names = list(dict.fromkeys(name for name, _, _ in mean))
    print(
        f"{'set':28} {'R':>3} {'zero-filled':>14} {'CS automatic':>14} {'CS tuned':>14} {'RIM':>14} {'RIM-CS / dB':>12}"
    )
    for acceleration in accelerations:
        gains = []
        for name in names:
            tuned = max((mean[name, acceleration, f"wavelet {value}"] for value in GRID), key=lambda s: s[0])
            shown = [mean[name, acceleration, key] for key in ("zero_filled", "wavelet auto")]
            shown += [tuned, mean[name, acceleration, "rim"]]
            cells = " ".join(f"{value[0]:7.2f} / {value[1]:.3f}"[:14].rjust(14) for value in shown)
            gain = shown[-1][0] - tuned[0]
            gains += [gain] if name != "siat_brain_val" else []
            print(f"{name:28} {acceleration:3g} {cells} {gain:+12.2f}")
        print(f"{'mean of foreign sets':28} {acceleration:3g} {'':59} {np.mean(gains):+12.2f}, least {min(gains):+.2f}")


if __name__ == "__main__":
    main()
