"""One trained RIM on bodies that nobody trained on, and with any number of coils, against compressed sensing.

    python reproductions/foreign.py [--acceleration 4]

What the project says of its own RIM, no paper: the same network, without
retraining, for any anatomy and any number of coils.
"""

import argparse
from pathlib import Path

import torch

import dealias
from _data import foreign, held_back, scans
from _page import Claim, table, write
from _verdict import SEEDS, listed, verdict
from dealias.evaluation.figures import panels
from dealias.evaluation.metrics import psnr, ssim

COILS = (1, 2, 4, 8, 16, 32)
METHODS = ("zero_filled", "wavelet", "rim")


def scored(images, acceleration, coils=1):
    """Return PSNR and SSIM of each method (mask, 2) on an image, and the images of the last mask for a panel."""
    scores = {name: [] for name in METHODS}
    for scan, image in scans(images, acceleration, coils=coils, patterns=len(SEEDS)):
        found = {name: dealias.reconstruct(name, scan) for name in METHODS}
        for name, x in found.items():
            scores[name].append((float(psnr(x, image)), float(ssim(x, image))))
    return {name: torch.tensor(values) for name, values in scores.items()}, found, image, scan


def means(scores):
    """Return the cells of a row, PSNR / SSIM."""
    return ["{:.2f} / {:.3f}".format(*scores[name].mean(0).tolist()) for name in METHODS]


def claims(bodies, coils):
    """Return what the project says, which no paper does, and what came out: gains over masks (mask,) by name."""
    return [
        Claim(
            "better than compressed sensing on bodies that it never saw (ours)",
            "not claimed: one knee, shown",
            listed(bodies),
            verdict([*bodies.values()]),
        ),
        Claim(
            "any number of coils without retraining: better than compressed sensing (ours)",
            "not measured",
            listed(coils),
            verdict([*coils.values()]),
        ),
    ]


def main():
    """Write the page; panels of real bodies go to out/."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--acceleration", type=float, default=4.0)
    options = parser.parse_args()
    Path("out").mkdir(exist_ok=True)
    bodies, wins = [], {}
    for name, body in foreign().items():
        scores, found, image, scan = scored([body], options.acceleration)
        panels(f"out/foreign_{name}.png", found, image, scan.centred_mask[0], title=name, overwrite=True)
        bodies.append([name, *means(scores)])
        wins[name] = (scores["rim"] - scores["wavelet"])[:, 0]
    coils, gains = [], {}
    for number in COILS:
        scores, *_ = scored(held_back(3)[1:2], options.acceleration, number)
        coils.append([number, *means(scores)])
        gains[f"{number} coils"] = (scores["rim"] - scores["wavelet"])[:, 0]
    text = (
        f"PSNR / SSIM at {options.acceleration:g}x, 2D Gaussian masks, noise 0.001 of the maximum in each coil's "
        "samples. Compressed sensing chooses its regularisation by itself. The RIM learned from brains, most of them "
        f"seen by one coil. Means over {len(SEEDS)} masks, whose standard deviation follows a gain."
    )
    parts = [text, table(["body", *METHODS], bodies), table(["simulated coils, a brain", *METHODS], coils)]
    write("foreign", "Other bodies, other numbers of coils", parts, claims(wins, gains))


if __name__ == "__main__":
    main()
