"""How often hidden samples say that a learned method is out of its depth: where it is so in truth, and where not.

    python benchmarks/behind.py --data ../shared/data [--methods rim,modl] [--size 128] [--every 1] [--first 0]

It is behind wavelets (`dealias/error_bar/behind.py`), or farther off in some band of k-space than on scans such as it
learned from (`usual.py`); of good scans, and of the same with noise that nobody told or without their middle.
"""

import argparse
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import dealias
from dealias.error_bar import usual
from dealias.error_bar.behind import LEAST, compared
from dealias.errors import Note
from dealias.evaluation.metrics import psnr
from tuning import cases

MIDDLE = 3  # frequencies on each side of zero that are lost


def spoilt(scan):
    """Yield in what way a scan was spoilt, and the scan."""
    noise = 0.002 * float(scan.kspace.abs().amax())
    generator = torch.Generator().manual_seed(3)
    yield "noise of 0.002 of the largest sample", replace(scan.with_noise(noise, generator), noise_std=scan.noise_std)
    y, x = (torch.fft.fftfreq(n, 1 / n).abs() <= MIDDLE for n in scan.shape[-2:])
    kept = scan.mask & ~(y[:, None] & x)
    yield f"without the middle {2 * MIDDLE + 1} x {2 * MIDDLE + 1}", replace(scan, kspace=scan.kspace * kept, mask=kept)


def judged(method, scan):
    """Return the share of the error that wavelets save, and by how many decibels a band is above its limit."""
    [one] = compared(method, scan)
    return one.saved, max(usual.beyond(method, usual.excess(one.own, one.wavelets, one.radius)))


def main():
    """Print a line per case, then the rates."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--methods", default="rim,modl")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--every", type=int, default=1, help="case of how many is judged")
    parser.add_argument("--first", type=int, default=0, help="of the cases, counted from 0")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    methods = {name: dealias.load(name) for name in options.methods.split(",")}
    rows, bad = [], {}
    for number, (_, name, scan, truth) in enumerate(cases(options.data, options.size)):
        if number % options.every != options.first:
            continue
        wavelets = float(psnr(dealias.reconstruct("wavelet", scan).abs(), truth))
        for title, method in methods.items():
            lead = float(psnr(dealias.reconstruct(method, scan).abs(), truth)) - wavelets
            saved, above = judged(method, scan)
            rows.append((lead, saved, above))
            words = f"{lead:+.2f} dB over wavelets, which save {saved:.0%} of its error"
            print(f"{name}, {title}: {words}; {above:+.1f} dB from the limit of a band", flush=True)
            for what, other in spoilt(scan):
                bad.setdefault(what, []).append(judged(method, other))
    summary(np.array(rows), {what: np.array(values) for what, values in bad.items()})


def summary(rows, bad):
    """Print how often each warning was given."""
    lead, saved, above = rows.T
    print("\n| scans | cases | behind wavelets | farther off in a band than usual | either |\n|---|---|---|---|---|")
    chosen = {"ahead": lead >= 0, "behind": lead < 0, "behind by 0.5 dB or more": lead < -0.5}
    for what, which in chosen.items():
        show(what, saved[which], above[which])
    for what, values in bad.items():
        show(what, *values.T)


def show(what, saved, above):
    """Print a line of the table."""
    alarms = (saved > LEAST, above > 0, (saved > LEAST) | (above > 0))
    rates = [np.mean(alarm) if len(saved) else np.nan for alarm in alarms]
    print(f"| {what} | {len(saved)} | {' | '.join(f'{rate:.0%}' for rate in rates)} |")


if __name__ == "__main__":
    main()
