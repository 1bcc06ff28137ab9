"""Whether drawn images spread as far as they are wrong: the posterior of the score prior against the truth.

    python reproductions/posterior.py [--size 64] [--patterns 1] [--draws 8] [--bodies brain,larson_knee,...]

A posterior that knew how images are distributed would hold the truth as often as it says. Ours comes from a network
and from finitely many Langevin steps: its intervals are compared with the truth, as they are and after their size was
measured by samples that were held out of the scan. What is drawn is kept in ../runs/reproductions/numbers.
"""

import argparse
import warnings
from functools import partial

import torch
from matplotlib.figure import Figure

import dealias
from _data import abroad, held_back, resized, scans
from _page import Claim, figure, save, table, write
from _remembered import remembered
from _verdict import both, verdict, worded
from dealias.error_bar.half_width import COVERAGE
from dealias.errors import Note
from dealias.evaluation.calibration import judged

ACCELERATION, NOISE = 4.0, 0.002
CHAINS = 2  # averaged to the image that is judged
NORMAL = 1.645  # deviations of a normal distribution beyond which one in ten lies
KINDS = ("drawn", "drawn, measured", "held out")
WANTED, MARGIN = 0.9, 0.04
NUMBERS = ("coverage_body", "half_width", "correlation", "true_rms", "predicted_rms")


def intervals(scan, image, draws):
    """Return what intervals of each kind show: coverage, mean half-width and correlation in the body, rms errors."""
    method = dealias.load("score_prior", chains=CHAINS)
    bar = dealias.uncertainty(method, scan, folds=1)
    drawn = dealias.draw(method, scan, draws, seed=1000).abs()
    # the truth and the mean of chains differ by what one draw does, and by what that mean does
    deviation = drawn.std(0) * (1 + 1 / CHAINS) ** 0.5
    rms = deviation.square().mean().sqrt()
    shown = {
        "drawn": (NORMAL * deviation, rms),
        "drawn, measured": (NORMAL * deviation * bar.rms / rms, bar.rms),
        "held out": (bar.half_width, bar.rms),
    }
    found = {kind: judged(bar.image, width, size, image, COVERAGE) for kind, (width, size) in shown.items()}
    return {kind: {name: float(numbers[name]) for name in NUMBERS} for kind, numbers in found.items()}


def scored(bodies, options):
    """Return for each kind of interval its numbers (body, pattern, number)."""
    method = dealias.load("score_prior", chains=CHAINS)
    found = {kind: [] for kind in KINDS}
    for body, image in bodies.items():
        pairs = scans([image], ACCELERATION, patterns=options.patterns, noise_std=NOISE)
        where = {"body": body, "size": image.shape, "draws": options.draws}
        several = [
            remembered(partial(intervals, *pair, options.draws), method, **where, pattern=number)
            for number, pair in enumerate(pairs)
        ]
        for kind, rows in found.items():
            rows.append([[one[kind][name] for name in NUMBERS] for one in several])
    return {kind: torch.tensor(rows) for kind, rows in found.items()}


def number(scores, kind, name):
    """Return a number of one kind of interval (body, pattern)."""
    return scores[kind][..., NUMBERS.index(name)]


def honest(covered):
    """Return whether nine in ten pixels are held, within the margin: coverage (body,)."""
    return both(verdict([covered - WANTED], -MARGIN), verdict([WANTED - covered], -MARGIN))


def claims(scores):
    """Return what the project asks; bodies are what is repeated."""
    found = []
    texts = {
        "drawn": "nine in ten intervals of drawn images hold the truth, within 4 % (ours)",
        "drawn, measured": "so where held-out samples measured their size",
        "held out": "so the error bar of held-out samples alone",
    }
    for kind, text in texts.items():
        covered = number(scores, kind, "coverage_body").mean(1)
        shown = f"{worded(100 * covered, '.1f')} %, from {100 * covered.min():.0f} to {100 * covered.max():.0f} %"
        found.append(Claim(text, "not tested", shown, honest(covered)))
    ratio = (number(scores, "drawn", "true_rms") / number(scores, "drawn", "predicted_rms")).mean(1)
    knowing = (number(scores, "drawn", "correlation") - number(scores, "held out", "correlation")).mean(1)
    return [
        *found,
        Claim(
            "the posterior is too narrow abroad: true over drawn rms error (ours)",
            "not tested",
            f"{float(ratio[:1]):.2f} on the brain, {float(ratio[1:].mean()):.2f} ± {float(ratio[1:].std()):.2f} abroad",
            verdict([ratio[1:]], 1.0),
        ),
        Claim(
            "where it spreads it is wrong: correlation with the error above that of held-out intervals (ours)",
            "not tested",
            worded(knowing),
            verdict([knowing]),
        ),
    ]


def drawn(scores, bodies):
    """Draw the coverage of each kind of interval on each body, every mask a dot."""
    sheet = Figure(figsize=(8, 3.2), layout="constrained")
    axes = sheet.subplots()
    axes.axhspan(100 * (WANTED - MARGIN), 100 * (WANTED + MARGIN), color="0.92")
    for place, kind in enumerate(KINDS):
        covered = 100 * number(scores, kind, "coverage_body")
        where = torch.arange(len(bodies))[:, None] + 0.2 * (place - 1) + torch.zeros_like(covered)
        axes.plot(where.flatten(), covered.flatten(), "o", markersize=4, color=f"C{place}", label=kind)
    axes.set_xticks(range(len(bodies)), [name.replace("_", "\n") for name in bodies], fontsize=7)
    axes.set_ylabel("pixels of the body held, %")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    save("posterior", sheet)


def rows(scores, bodies):
    """Return the cells of the table, means over masks."""
    for place, body in enumerate(bodies):
        for kind in KINDS:
            values = scores[kind][place].mean(0).tolist()
            covered, width, correlation, true, predicted = values
            yield [body, kind, f"{covered:.1%}", f"{width / true:.2f}", f"{predicted / true:.2f}", f"{correlation:.2f}"]


def main():
    """Write the page and its figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=64, help="longer side of the images")
    parser.add_argument("--patterns", type=int, default=1)
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--bodies", help="some of them, with commas between")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    bodies = {"brain": resized(held_back(3)[1], options.size), **abroad(options.size)}
    if options.bodies:
        bodies = {name: bodies[name] for name in options.bodies.split(",")}
    scores = scored(bodies, options)
    drawn(scores, bodies)
    text = (
        f"{options.draws} images drawn by annealed Langevin dynamics (`score_prior`, its default levels and steps) "
        f"from scans at {ACCELERATION:g}x, one coil, 2D Gaussian masks, noise of {NOISE:g} of the maximum, told; "
        f"bodies that no training saw, shrunk to {options.size} pixels of their longer side; masks of each: "
        f"{options.patterns}. The image that is judged is the mean of {CHAINS} other chains. Drawn: {NORMAL} "
        "deviations of the drawn magnitudes on each side. Measured: these, all widened by one factor, so that their "
        "rms is the error that samples held out of the scan show. Held out: the error bar of `dealias.uncertainty`, "
        "to which nothing drawn contributes. The truth only judges; the body is what is above 5 % of the maximum."
    )
    head = ["body", "interval", "coverage", "half-width / rms error", "predicted / true rms", "correlation"]
    parts = [text, figure("posterior", "pixels held by the intervals"), table(head, rows(scores, bodies))]
    write("posterior", "Whether drawn images spread as far as they are wrong", parts, claims(scores))


if __name__ == "__main__":
    main()
