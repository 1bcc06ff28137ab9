"""A prior of images alone against compressed sensing and the RIM: the middle 128 x 128 of images it never saw, at 4x.

    python benchmarks/priors.py --data ../shared/data [--weights ../runs/score/weights.safetensors]

One coil, 2D Gaussian masks, noise of 0.002 of the maximum in each part; PSNR of magnitudes, and CPU seconds of each.
"""

import argparse
import time
import warnings
from pathlib import Path

import torch

import dealias
from dealias.errors import Note
from dealias.evaluation.metrics import psnr
from dealias.methods.diffpir import DiffPIR
from dealias.methods.plug_and_play import PlugAndPlay
from quality import data_sets

SIDE = 128


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", default="score")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    methods = {
        "wavelet": dealias.load("wavelet"),
        "rim": dealias.load("rim"),
        "diffpir": DiffPIR(options.weights),
        "plug_and_play": PlugAndPlay(options.weights),
    }
    print(f"| | {' | '.join(methods)} |")
    print("|---" * (len(methods) + 1) + "|")
    gains, seconds = [], []
    for name, images in data_sets(options.data, 1):
        image = images[0]
        first, left = (max(0, n // 2 - SIDE // 2) for n in image.shape)
        image = image[first : first + SIDE, left : left + SIDE]
        image = image / image.abs().max()
        generator = torch.Generator().manual_seed(0)
        mask = dealias.sampling.gaussian((*image.shape,), 4, generator=generator)
        scan = dealias.Acquisition.simulate(image, mask, noise_std=0.002, generator=generator)
        values, spent = [], []
        for method in methods.values():
            begin = time.process_time()
            values.append(float(psnr(dealias.reconstruct(method, scan).abs(), image.abs())))
            spent.append(time.process_time() - begin)
        gains.append([value - values[0] for value in values])
        seconds.append(spent)
        print(f"| `{name}` | {' | '.join(f'{value:.2f}' for value in values)} |", flush=True)
    means = torch.tensor(gains).mean(0).tolist()
    print(f"| mean gain over wavelet | {' | '.join(f'{value:+.2f}' for value in means)} |")
    medians = torch.tensor(seconds).median(0).values.tolist()
    print(f"| CPU seconds, median | {' | '.join(f'{value:.1f}' for value in medians)} |")


if __name__ == "__main__":
    main()
