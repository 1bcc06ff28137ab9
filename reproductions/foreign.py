"""One trained RIM on bodies that nobody trained on, and with any number of coils, against compressed sensing.

    python reproductions/foreign.py [--acceleration 4]

What the project says of its own RIM, no paper: the same network, without
retraining, for any anatomy and any number of coils, simulated and measured. The rows of measured coils are remembered
in ../runs/reproductions/numbers, so that a run that was cut short goes on.
"""

import argparse
import warnings
from pathlib import Path

import torch

import dealias
from _benchmarks import cases
from _data import SHARED, foreign, held_back, scans
from _page import Claim, table, write
from _scores import psnr_and_ssim
from _verdict import SEEDS, listed, verdict
from dealias.errors import Note
from dealias.evaluation.figures import panels
from dealias.evaluation.metrics import psnr, ssim
from dealias.methods.rim import UNTOLD

COILS = (1, 2, 4, 8, 16, 32)
METHODS = ("zero_filled", "wavelet", "rim")


def scored(images, acceleration, coils=1):
    """Return PSNR and SSIM of each method (mask, 2) on an image, and the images of the last mask for a panel."""
    scores = []
    for scan, image in scans(images, acceleration, coils=coils, patterns=len(SEEDS)):
        found = {name: dealias.reconstruct(name, scan) for name in METHODS}
        scores.append(judged(found, image))
    return stacked(scores), found, image, scan


def judged(found, image):
    """Return PSNR and SSIM of each image by its name."""
    return {name: (float(psnr(x, image)), float(ssim(x, image))) for name, x in found.items()}


def stacked(scores):
    """Return the scores of several masks as one tensor (mask, 2) for each method."""
    return {name: torch.tensor([some[name] for some in scores]) for name in METHODS}


def measured():
    """Return PSNR and SSIM of each method (mask, 2) by brain and kind of mask; empty without ../shared/data."""
    found = {}
    methods = {name: dealias.load(name) for name in METHODS}
    with warnings.catch_warnings(action="ignore", category=Note):  # of maps and noise that are estimated, at each scan
        for name, scan, image in cases(SHARED, SEEDS) if SHARED.exists() else ():
            several = found.setdefault(name, [])
            case = {"page": "foreign", "case": name, "mask": len(several)}
            several.append({m: psnr_and_ssim(method, scan, image, **case) for m, method in methods.items()})
    return {name: stacked(scores) for name, scores in found.items()}


def gains(scores):
    """Return by how many decibels the RIM is above compressed sensing (mask,)."""
    return (scores["rim"] - scores["wavelet"])[:, 0]


def means(scores):
    """Return the cells of a row, PSNR / SSIM."""
    return ["{:.2f} / {:.3f}".format(*scores[name].mean(0).tolist()) for name in METHODS]


def claims(bodies, simulated, measured):
    """Return what the project says, which no paper does, and what came out: gains over masks (mask,) by name."""
    return [
        Claim(
            "better than compressed sensing on bodies that it never saw (ours)",
            "not claimed: one knee, shown",
            listed(bodies),
            verdict([*bodies.values()]),
        ),
        Claim(
            "any number of simulated coils without retraining: better than compressed sensing (ours)",
            "not measured",
            listed(simulated),
            verdict([*simulated.values()]),
        ),
        Claim(
            "so with measured coils, whose noise and maps nobody told (ours)",
            "not measured",
            listed({name.replace(",", ""): gain for name, gain in measured.items()}) or None,
            verdict([*measured.values()]),
        ),
    ]


def main():
    """Write the page; panels of real bodies go to out/."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--acceleration", type=float, default=4.0)
    options = parser.parse_args()
    Path("out").mkdir(exist_ok=True)
    bodies = {}
    for name, body in foreign().items():
        bodies[name], found, image, scan = scored([body], options.acceleration)
        panels(f"out/foreign_{name}.png", found, image, scan.centred_mask[0], title=name, overwrite=True)
    simulated = {f"{n} coil{'s' * (n > 1)}": scored(held_back(3)[1:2], options.acceleration, n)[0] for n in COILS}
    coils = measured()
    text = (
        f"PSNR / SSIM at {options.acceleration:g}x, 2D Gaussian masks, noise 0.001 of the maximum in each coil's "
        "samples. Compressed sensing chooses its regularisation by itself. The RIM learned from brains, most of them "
        f"seen by one coil. Means over {len(SEEDS)} masks, whose standard deviation follows a gain."
    )
    several = (
        "Brains whose coils were measured, several masks; nobody told the noise, and maps come from what is left. "
        "References are the full scans, noise and all, combined by their own maps; how far the RIM trusts data of "
        f"unknown noise, {UNTOLD:g}, was chosen on them. README's Quality has other methods."
    )
    groups = [("body", bodies), ("simulated coils, a brain", simulated), ("measured coils", coils)]
    tables = [
        table([title, *METHODS], [[name, *means(scores)] for name, scores in group.items()] or [[None] * 4])
        for title, group in groups
    ]
    decibels = [{name: gains(scores) for name, scores in group.items()} for _, group in groups]
    parts = [text, *tables[:2], several, tables[2]]
    write("foreign", "Other bodies, other numbers of coils", parts, claims(*decibels))


if __name__ == "__main__":
    main()
