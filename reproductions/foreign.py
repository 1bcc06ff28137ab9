"""One trained RIM on bodies that nobody trained on, and with any number of coils, against compressed sensing.

    python reproductions/foreign.py [--acceleration 4]

The project page's claim: the same network, without retraining, for any anatomy and any number of coils.
"""

import argparse
from pathlib import Path

import dealias
from _data import foreign, held_back, scans
from _page import Claim, table, write
from dealias.evaluation.figures import panels
from dealias.evaluation.metrics import psnr, ssim

COILS = (1, 2, 4, 8, 16, 32)
METHODS = ("zero_filled", "wavelet", "rim")


def scored(images, acceleration, coils=1):
    """Return PSNR and SSIM of each method on one scan, and the images for a panel."""
    ((scan, image),) = scans(images, acceleration, coils=coils)
    found = {name: dealias.reconstruct(name, scan) for name in METHODS}
    return {name: (float(psnr(x, image)), float(ssim(x, image))) for name, x in found.items()}, found, image, scan


def main():
    """Write the page; panels of real bodies go to out/."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--acceleration", type=float, default=4.0)
    options = parser.parse_args()
    Path("out").mkdir(exist_ok=True)
    bodies, wins = [], []
    for name, body in foreign().items():
        scores, found, image, scan = scored([body], options.acceleration)
        panels(f"out/foreign_{name}.png", found, image, scan.centred_mask[0], title=name, overwrite=True)
        bodies.append([name, *(f"{scores[m][0]:.2f} / {scores[m][1]:.3f}" for m in METHODS)])
        wins.append(scores["rim"][0] - scores["wavelet"][0])
    coils, gains = [], []
    for number in COILS:
        scores, *_ = scored(held_back(3)[1:2], options.acceleration, number)
        coils.append([number, *(f"{scores[m][0]:.2f} / {scores[m][1]:.3f}" for m in METHODS)])
        gains.append(scores["rim"][0] - scores["wavelet"][0])
    text = (
        f"PSNR / SSIM at {options.acceleration:g}x, 2D Gaussian masks, noise 0.001 of the maximum in each coil's "
        "samples. Compressed sensing chooses its regularisation by itself. The RIM learned from brains, most of them "
        "seen by one coil."
    )
    claims = [
        Claim(
            "better than compressed sensing on bodies that it never saw",
            "one knee, shown",
            ", ".join(f"{gain:+.2f} dB" for gain in wins),
            all(gain > 0 for gain in wins),
        ),
        Claim(
            "any number of coils without retraining: better than compressed sensing at " + ", ".join(map(str, COILS)),
            "not measured",
            ", ".join(f"{gain:+.2f} dB" for gain in gains),
            all(gain > 0 for gain in gains),
        ),
    ]
    parts = [text, table(["body", *METHODS], bodies), table(["simulated coils, a brain", *METHODS], coils)]
    write("foreign", "Other bodies, other numbers of coils", parts, claims)


if __name__ == "__main__":
    main()
