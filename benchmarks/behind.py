"""How often hidden samples say that a learned method is behind wavelets: where it is so in truth, and where not.

python benchmarks/behind.py --data ../shared/data [--methods rim,modl] [--size 128]
"""

import argparse
import warnings
from pathlib import Path

import numpy as np

import dealias
from dealias.error_bar.behind import behind
from dealias.errors import Note
from dealias.evaluation.metrics import psnr
from tuning import cases


def main():
    """Print a line per case, then the rates."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--methods", default="rim,modl")
    parser.add_argument("--size", type=int, default=128)
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    methods = {name: dealias.load(name) for name in options.methods.split(",")}
    rows = []
    for _, name, scan, truth in cases(options.data, options.size):
        wavelets = float(psnr(dealias.reconstruct("wavelet", scan).abs(), truth))
        for title, method in methods.items():
            lead = float(psnr(dealias.reconstruct(method, scan).abs(), truth)) - wavelets
            [saved] = behind(method, scan)
            rows.append((lead, saved))
            print(f"{name}, {title}: {lead:+.2f} dB over wavelets, which save {saved:.0%} of its error", flush=True)
    lead, saved = np.array(rows).T
    for what, chosen in (("ahead", lead >= 0), ("behind", lead < 0), ("behind by 0.5 dB or more", lead < -0.5)):
        for least in (0.0, 0.1, 0.2):
            rate = np.mean(saved[chosen] > least) if chosen.any() else float("nan")
            print(f"{what}: {chosen.sum()} cases, a warning in {rate:.0%} where more than {least:.0%} must be saved")


if __name__ == "__main__":
    main()
