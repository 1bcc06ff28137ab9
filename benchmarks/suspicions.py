"""How often a good scan is suspected, and how often a bad one: false alarms and hits of every sign.

    python benchmarks/suspicions.py --data ../shared/data

Good scans are one slice of each body seen by one coil with noise of 0.001 and 0.02, and measured coils, with masks of
four kinds. Each is then spoilt in every way that it can be. Limits were set by eye on the masks of seed 1; what is
printed is of others.
"""

import argparse
import warnings
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import dealias
from dealias import sampling
from dealias.error_bar.suspicions import LIMITS, signs
from dealias.errors import Note
from dealias.folds import line_axis
from error_bars import cropped, one_coil
from tuning import MASKS, measured

KINDS = {**MASKS, "Poisson 6x": lambda shape, g: sampling.poisson(shape, 6, centre=0.08, generator=g)}
FAR = 6  # frequencies from zero beyond which lines and samples are spoilt


def good(folder, size, seed):
    """Yield each good scan and its name."""
    full = [(f"one coil, {name}", image, noise) for _, name, image in one_coil(folder) for noise in (0.001, 0.02)]
    for name, image, noise in full:
        for kind, draw in KINDS.items():
            mask = draw((*image.shape,), torch.Generator().manual_seed(seed))
            generator = torch.Generator().manual_seed(seed)
            yield (
                f"{name}, noise {noise}, {kind}",
                dealias.Acquisition.simulate(image, mask, None, noise, generator=generator),
            )
    for name, kspace in measured(folder):
        whole = dealias.Acquisition.centred(cropped(kspace, size))
        for kind, draw in KINDS.items():
            scan = whole.sampled(draw((*whole.shape,), torch.Generator().manual_seed(seed)))
            yield f"{name}, {kind}", scan.with_maps(dealias.espirit(scan))


def spoilt(scan, generator):
    """Yield in what way a scan was spoilt, and the scan."""
    kspace, shape = scan.kspace, scan.shape[-2:]
    y, x = (torch.fft.fftfreq(n, 1 / n).abs() for n in shape)
    mask = scan.mask.squeeze(-3).expand(shape)
    places = (mask & ((y[:, None] > FAR) | (x > FAR))).nonzero()
    row, column = places[int(torch.randint(len(places), (1,), generator=generator))]
    for size in (0.3, 0.05):
        bad = kspace.clone()
        bad[..., row, column] += size * kspace.abs().max()
        yield f"a spike of {size} of the largest", replace(scan, kspace=bad)
    yield (
        "off centre by 3 and 4",
        replace(scan, kspace=kspace.roll((3, 4), (-2, -1)), mask=mask.roll((3, 4), (-2, -1))[None]),
    )
    axis = line_axis(mask)
    if axis is not None:
        yield from _lines(scan, axis, mask.any(-3 - axis), generator)
    if scan.maps is not None:
        yield "maps upside down", replace(scan, maps=scan.maps.flip(-1))
        yield "maps in another order", replace(scan, maps=scan.maps.roll(1, -3))
        yield "maps a tenth to the side", replace(scan, maps=scan.maps.roll(shape[-1] // 10, -1))


def _lines(scan, axis, lines, generator):
    """Yield what can go wrong with lines."""
    number = torch.fft.fftfreq(len(lines), 1 / len(lines)).abs()
    far = (lines & (number > FAR)).nonzero().flatten()
    chosen = far[torch.randperm(len(far), generator=generator)[:2]]
    for what, factor in (("two lines 4 times as strong", 4), ("two lines lost", 0), ("two lines of other phase", 1j)):
        bad = scan.kspace.movedim(axis, 0).clone()
        bad[chosen] *= factor
        yield what, replace(scan, kspace=bad.movedim(0, axis).contiguous())
    moved = (torch.rand(len(lines), generator=generator) < 0.4) & (number > 2)
    y, x = (torch.fft.fftfreq(n) for n in scan.shape[-2:])
    ramp = torch.exp(-2j * torch.pi * (3 * y[:, None] + 2 * x))
    coils = "several coils" if scan.coils > 1 else "one coil"
    chosen = moved[:, None] if axis == -2 else moved
    yield (
        f"body 3 pixels away in 4 of 10 lines, {coils}",
        replace(scan, kspace=torch.where(chosen, scan.kspace * ramp, scan.kspace)),
    )


def main():
    """Print the false alarms of every sign, and which signs see what was spoilt."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    clean, bad = defaultdict(list), defaultdict(list)
    for number, (name, scan) in enumerate(good(options.data, options.size, options.seed)):
        found = signs(scan)
        raised = [sign for sign, value in found.items() if value > LIMITS[sign]]
        for sign, value in found.items():
            clean[sign].append(value)
        clean["any"].append(bool(raised))
        if raised:
            print(f"false alarm: {name}: {', '.join(f'{sign} {found[sign]:.3g}' for sign in raised)}", flush=True)
        for what, spoiled in spoilt(scan, torch.Generator().manual_seed(100 * options.seed + number)):
            bad[what].append({sign for sign, value in signs(spoiled).items() if value > LIMITS[sign]})
    print("\n| sign | limit | good scans | median, largest | false alarms |\n|---|---|---|---|---|")
    for sign, limit in LIMITS.items():
        values = np.array(clean[sign])
        most = f"{np.median(values):.3g}, {values.max():.3g}"
        print(f"| {sign} | {limit:g} | {len(values)} | {most} | {np.mean(values > limit):.1%} |")
    print(f"| any |  | {len(clean['any'])} |  | {np.mean(clean['any']):.1%} |")
    print("\n| what was spoilt | scans | seen | by |\n|---|---|---|---|")
    for what, seen in bad.items():
        by = ", ".join(f"{sign} {np.mean([sign in one for one in seen]):.0%}" for sign in LIMITS)
        print(f"| {what} | {len(seen)} | {np.mean([bool(one) for one in seen]):.0%} | {by} |")


if __name__ == "__main__":
    main()
