"""A network that learns from each measured scan before it reconstructs it: PSNR before and after, and the seconds.

    python benchmarks/adapted.py --data ../shared/data [--method modl] [--updates 60] [--masks "Gaussian 4x" ...]
                                 [--middle 128]

Scans, masks and references are those of measured_coils.py. One thread; seconds are those of the processor.
"""

import argparse
import time
import warnings
from pathlib import Path

import torch

import dealias
from dealias.errors import Note
from dealias.evaluation.metrics import psnr
from measured_coils import MASKS, scans


def middle(kspace, most):
    """Return k-space in so many rows and columns at the most: the same scan, coarser."""
    for axis in (-2, -1):
        size = kspace.shape[axis]
        kept = min(size, most)
        kspace = kspace.take(range(size // 2 - kept // 2, size // 2 - kept // 2 + kept), axis)
    return kspace


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--method", default="modl")
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--middle", type=int, default=10_000, help="rows and columns of k-space to keep")
    parser.add_argument("--masks", nargs="+", choices=MASKS, default=[*MASKS])
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", Note)
    method = dealias.load(options.method)
    print(f"| | {options.method} | adapted | error of hidden samples | updates | seconds |")
    print("|---" * 6 + "|")
    for name, kspace in scans(options.data):
        full = dealias.Acquisition.centred(middle(kspace, options.middle))
        truth = full.with_maps(dealias.espirit(full)).zero_filled.abs()
        for kind in options.masks:
            scan = full.sampled(MASKS[kind]((*truth.shape,), torch.Generator().manual_seed(1)))
            scan = scan.with_maps(dealias.espirit(scan))
            before = psnr(dealias.reconstruct(method, scan).abs(), truth).item()
            start = time.process_time()
            found = dealias.adapt(method, scan, updates=options.updates, rate=options.rate)
            seconds = time.process_time() - start
            after = psnr(dealias.reconstruct(found.method, scan).abs(), truth).item()
            values = f"{before:.2f} | {after:.2f} | {found.before:.2%} to {found.after:.2%}"
            print(f"| {name}, {kind} | {values} | {found.best} of {found.updates} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
