"""The shipped RIM against wavelet compressed sensing with tuned regularisation, on data that it never saw.

Every image is measured in simulation: 2D Gaussian masks, noise of 0.001 of the maximum in each part. The
regularisation of compressed sensing is the best of a grid for each data set and acceleration, judged by the
truth; the automatic one, which users get, stands beside it, and so does SigPy's, tuned likewise. PSNR and SSIM
of magnitudes.

    python benchmarks/quality.py --data ../shared/data [--accelerations 2,3,4,5] [--images 6] [-o out/quality.csv]
"""

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import sigpy.mri
import torch
from tqdm import tqdm

import dealias
from _machine import describe
from dealias.evaluation.metrics import psnr, ssim
from dealias.phantoms import head, shepp_logan

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


def sigpy_wavelet(scan, regularisation):
    """Return SigPy's l1-wavelet image, 40 iterations."""
    kspace = scan.centred_kspace.numpy()
    maps = np.ones_like(kspace) if scan.maps is None else scan.maps.numpy()
    app = sigpy.mri.app.L1WaveletRecon(kspace, maps, lamda=regularisation, max_iter=40, show_pbar=False)
    return torch.from_numpy(app.run())


def main():
    """Print a table, and write every number to a CSV file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--accelerations", default="2,3,4,5")
    parser.add_argument("--images", type=int, default=6)
    parser.add_argument("--coils", type=int, default=1, help="simulated ones")
    parser.add_argument("--noise", type=float, default=0.001)
    parser.add_argument("--sigpy", action="store_true", help="SigPy's too, which takes the longest")
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
                    maps = None
                    if options.coils > 1:
                        maps = dealias.coils.simulate(image.shape, options.coils, generator=generator)
                    scan = dealias.Acquisition.simulate(image, mask, maps, options.noise, generator=generator)
                    for key, method in methods.items():
                        precision = options.precision if key == "rim" else "float32"
                        estimate = dealias.reconstruct(method, scan, precision=precision)
                        score = float(psnr(estimate, image)), float(ssim(estimate, image))
                        rows.writerow((name, number, acceleration, key, *score))
                        scores[name, acceleration, key].append(score)
                    for value in GRID if options.sigpy else ():
                        estimate = sigpy_wavelet(scan, value)
                        score = float(psnr(estimate, image)), float(ssim(estimate, image))
                        rows.writerow((name, number, acceleration, f"sigpy {value}", *score))
                        scores[name, acceleration, f"sigpy {value}"].append(score)
            file.flush()
    report(scores, accelerations)
    print(f"\n{options.weight}, {options.coils} coil(s), noise {options.noise:g}; {describe()}")


def best(mean, name, acceleration, method):
    """Return the score of the best regularisation of a grid."""
    return max((mean[key] for key in mean if key[:2] == (name, acceleration) and key[2] in method), key=lambda s: s[0])


def report(scores, accelerations):
    """Print the means over the images of each set."""
    mean = {key: np.mean(values, 0) for key, values in scores.items()}
    names = list(dict.fromkeys(name for name, _, _ in mean))
    columns = {"zero-filled": ["zero_filled"], "CS by itself": ["wavelet auto"]}
    columns |= {"CS tuned": [f"wavelet {value}" for value in GRID]}
    if any(method.startswith("sigpy") for _, _, method in mean):
        columns |= {"SigPy tuned": [f"sigpy {value}" for value in GRID]}
    columns |= {"RIM": ["rim"]}
    print(f"{'set':24} {'R':>3}" + "".join(f"{title:>15}" for title in columns) + f"{'RIM - CS / dB':>15}")
    for acceleration in accelerations:
        gains = {title: [] for title in columns if "tuned" in title}
        for name in names:
            shown = {title: best(mean, name, acceleration, keys) for title, keys in columns.items()}
            cells = "".join(f"{value[0]:8.2f} / {value[1]:.3f}".replace(" 0.", " .") for value in shown.values())
            for title, values in gains.items():
                values.append(shown["RIM"][0] - shown[title][0])
            print(f"{name:24} {acceleration:3g}{cells}{gains['CS tuned'][-1]:+15.2f}")
        foreign = [place for place, name in enumerate(names) if name.startswith(FOREIGN)]
        if not foreign:
            continue
        for title, values in gains.items():
            chosen = [values[place] for place in foreign]
            print(f"  foreign sets, RIM - {title}: mean {np.mean(chosen):+.2f} dB, least {min(chosen):+.2f} dB")


if __name__ == "__main__":
    main()
