"""How much total variation k-t SLR wants: chosen on films of which no other page reports, then tried on those.

    python reproductions/film_weights.py [--rows 32]

Chosen on two simulated hearts, two brains that were moved and a measured series of urea; tried on the films of
reproductions/dynamic.py. The least weight is what counts: noise adds to it only where there is much.
"""

import argparse

import numpy as np
import torch

import _data
import dealias
from _films import FIRST, Subject, hearts, measured, subject
from _page import Claim, table, write
from dealias.evaluation.metrics import psnr
from dealias.files.images import images as read
from dealias.methods.kt_slr import LOWEST_VARIATION, KtSLR
from dealias.phantoms import heart
from dealias.training.movement import moved

WEIGHTS, ACCELERATIONS = (2e-4, 5e-4, 7e-4, 1e-3, 1.4e-3), (6.0, 9.0, 11.0)
NEAR = 0.3  # dB: a default is near the best of a film
NOISE_STD = 0.001


def choosing(rows: int) -> list[Subject]:
    """Return films of which no other page reports."""
    found = [
        subject(f"heart {seed}", heart((20, 256, 256), seed=seed), rows, seed) for seed in (FIRST + 500, FIRST + 501)
    ]
    brains = _data.spread(read(_data.sources("siat_brain_train")[0]), 2)
    for seed, image in enumerate(brains):
        film = moved(image / image.abs().max(), 20, torch.Generator().manual_seed(seed))
        found.append(subject(f"moved brain {seed}", film, rows, seed))
    path = _data.SHARED / "dyn_hp13c.npz"
    if path.exists():
        kspace = torch.from_numpy(np.load(path)["t2mapping_urea_retrospective_data"]).permute(2, 1, 0)
        film = torch.fft.fftshift(torch.fft.ifft2(torch.fft.ifftshift(kspace, (-2, -1))), (-2, -1))
        found.append(subject("urea", film / film.abs().max(), rows, 0, real=True))
    return found


def decibels(film: Subject, acceleration: float) -> list[float]:
    """Return the PSNR of magnitudes, peak 1, by weight."""
    scan = film.scan(acceleration, NOISE_STD)
    found = [dealias.reconstruct(KtSLR(total_variation=weight), scan) for weight in WEIGHTS]
    return [float(psnr(x, film.film, data_range=1.0).mean()) for x in found]


def chosen(scores: list[list[float]]) -> float:
    """Return the weight whose mean loss against the best of each row is least."""
    values = torch.tensor(scores)
    return WEIGHTS[int((values - values.amax(1, keepdim=True)).mean(0).argmax())]


def losses(scores: list[list[float]], weight: float) -> list[float]:
    """Return what a weight is behind the best of each row, in decibels."""
    place = WEIGHTS.index(weight)
    return [max(row) - row[place] for row in scores]


def claims(choice: list[list[float]], trial: list[list[float]]) -> list[Claim]:
    """Return what we say of our default, and what came out; a row for each film and acceleration."""
    best = chosen(choice)
    lines = [Claim("ours is the best of these weights for the films that choose", "", f"{best:g}", best == DEFAULT)]
    for title, scores in (("that choose", choice), ("of the other pages", trial)):
        behind = losses(scores, DEFAULT)
        text = f"{sum(behind) / len(behind):.2f} dB on average, {max(behind):.2f} dB at most"
        lines.append(
            Claim(f"within {NEAR} dB of the best for each of the films {title}", "", text, max(behind) <= NEAR)
        )
    return lines


# by itself a film with this little noise has the least weight and a twentieth of the noise
DEFAULT = min(WEIGHTS, key=lambda weight: abs(weight - LOWEST_VARIATION))


def main() -> None:
    """Reconstruct, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=32, help="of a film, those that move most")
    options = parser.parse_args()
    groups = [choosing(options.rows), [*hearts(2, rows=options.rows), *measured(rows=options.rows)]]
    head = ["film", "", *(f"{weight:g}" for weight in WEIGHTS)]
    parts, scores = [], []
    for title, films in zip(("Films that choose:", "Films of the other pages:"), groups, strict=True):
        found = {(film.name, r): decibels(film, r) for film in films for r in ACCELERATIONS}
        rows = [[name, f"{r:g}x", *(f"{value:.2f}" for value in row)] for (name, r), row in found.items()]
        scores.append([*found.values()])
        means = torch.tensor(scores[-1]).mean(0).tolist()
        parts += [title, table(head, [*rows, ["mean", "", *(f"{value:.2f}" for value in means)]])]
    text = (
        f"PSNR / dB of magnitudes, peak 1, by the weight of total variation in units of the largest \\|A^H y\\|; the "
        f"{options.rows} rows that move most, one coil, k-t masks, noise {NOISE_STD:g}; low rank by itself. Ours by "
        f"itself is {LOWEST_VARIATION:g} where there is little noise."
    )
    write("film_weights", "Films: how much total variation", [text, *parts], claims(*scores))


if __name__ == "__main__":
    main()
