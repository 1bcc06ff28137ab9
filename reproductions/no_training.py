"""No training at all: a decoder that fits one scan of eight coils, beside the U-Net and total variation, lines at 4x.

    python reproductions/no_training.py [--size 64] [--updates 500] [--runs 2] [--unet FILE]

What the papers of ConvDecoder and of the survey claim. Every image that a network fits is scored once and kept in
../runs/reproductions/numbers.
"""

import argparse
import time
import warnings
from functools import partial

import torch
from matplotlib.figure import Figure

import dealias
from _data import abroad, held_back, resized, scans
from _page import Claim, figure, save, table, write
from _remembered import remembered
from _scores import loaded, measured
from _verdict import listed, verdict
from dealias.errors import Note
from dealias.evaluation.metrics import psnr, ssim

ACCELERATION, NOISE, COILS = 4.0, 0.005, 8
BODIES = ("ukat_b0_256", "larson_knee", "kellman_fatwater")
OTHERS = ("total_variation", "wavelet", "unet", "modl", "rim")
UNTRAINED = ONE, MEAN, PRIOR = "ConvDecoder", "mean of runs", "deep image prior"


def several(method, scan, image, runs):
    """Return PSNR, SSIM and seconds of each of so many networks, then of the mean of their images."""
    images, spent = [], []
    for seed in range(runs):
        start = time.process_time()
        images.append(dealias.reconstruct(method.with_arguments(seed=seed), scan))
        spent.append(time.process_time() - start)
    images.append(torch.stack(images).mean(0))  # as `runs` has it, but for the last gradients
    spent.append(sum(spent))
    rows = zip(images, spent, strict=True)
    return {"runs": [[float(psnr(x, image)), float(ssim(x, image)), seconds] for x, seconds in rows]}


def scored(bodies, options):
    """Return PSNR, SSIM and seconds of each method (body, 3)."""
    untrained = {
        ONE: dealias.load("conv_decoder", iterations=options.updates),
        PRIOR: dealias.load("deep_image_prior", iterations=options.updates),
    }
    trained = loaded(OTHERS, options.unet)
    found = {name: [] for name in (*trained, MEAN, ONE, PRIOR)}
    for body, image in bodies.items():
        ((scan, image),) = scans([image], ACCELERATION, noise_std=NOISE, coils=COILS, kind="cartesian")
        where = {"body": body, "size": image.shape, "coils": COILS}
        for name, method in trained.items():
            numbers = remembered(partial(measured, method, scan, image), method, **where)
            found[name].append([numbers[key] for key in ("psnr", "ssim", "seconds")])
        for name, method in untrained.items():
            runs = options.runs if name == ONE else 1
            *single, mean = remembered(partial(several, method, scan, image, runs), method, **where, runs=runs)["runs"]
            found[name].append(torch.tensor(single).mean(0).tolist())
            if name == ONE:
                found[MEAN].append(mean)
    return {name: torch.tensor(values) for name, values in found.items()}


def gain(scores, one, other):
    """Return by how many decibels one method is above another (body,); None before both are known."""
    return None if one not in scores or other not in scores else (scores[one] - scores[other])[:, 0]


def claims(scores):
    """Return the claims; bodies are what is repeated."""
    trained = {name: gain(scores, MEAN, name) for name in ("modl", "rim")}
    lines = [
        (
            "ConvDecoder beats the U-Net at 4x (survey)",
            "on a par, its paper says; 34.57 against 35.34 dB, a knee of its notebooks",
            MEAN,
            "unet",
        ),
        ("and total variation", "far above (its paper)", MEAN, "total_variation"),
        ("and the deep image prior", "31.62 against 25.99 dB, a knee", ONE, PRIOR),
        ("the mean of several runs beats one", "described, no number", MEAN, ONE),
    ]
    found = []
    for text, paper, one, other in lines:
        gains = gain(scores, one, other)
        ours = listed({f"{one} against {other}": gains})
        found.append(Claim(text, paper, ours, verdict([gains])))
    found.append(
        Claim(
            "a network that unrolls the physics is far above it",
            "an end-to-end variational network is",
            listed({f"ConvDecoder against {name}": value for name, value in trained.items()}),
            verdict([-value for value in trained.values()]),
        )
    )
    return found


def drawn(scores, bodies):
    """Draw PSNR of every method on every body, and what each takes in time."""
    sheet = Figure(figsize=(9, 3.4), layout="constrained")
    quality, cost = sheet.subplots(1, 2, width_ratios=(3, 2))
    for number, (name, values) in enumerate(scores.items()):
        colour = f"C{number}"
        marker = "s" if name in UNTRAINED else "o"
        places = [body + 0.09 * (number - (len(scores) - 1) / 2) for body in range(len(bodies))]
        quality.plot(places, values[:, 0], marker, color=colour, label=name, markersize=5)
        cost.plot(values[:, 2].median(), values[:, 0].mean(), marker, color=colour)
    quality.set_xticks(range(len(bodies)), [name.replace("_", "\n") for name in bodies], fontsize=7)
    quality.set_ylabel("PSNR, dB")
    cost.set(xscale="log", xlabel="seconds of one core, median", ylabel="mean PSNR, dB")
    sheet.legend(*quality.get_legend_handles_labels(), frameon=False, fontsize=8, ncols=4, loc="outside lower center")
    save("no_training", sheet)


def rows(scores, bodies):
    """Return the cells of the table: PSNR / SSIM on each body, their mean, and the seconds."""
    for name in (*OTHERS, ONE, MEAN, PRIOR):
        if name not in scores:
            yield [name, *[None] * (len(bodies) + 2)]
            continue
        values = scores[name]
        cells = ["{:.2f} / {:.3f}".format(*row[:2].tolist()) for row in (*values, values.mean(0))]
        yield [name, *cells, f"{float(values[:, 2].median()):.1f}"]


def main():
    """Write the page and its figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=64, help="longer side of the images")
    parser.add_argument("--updates", type=int, default=500, help="of each untrained network, at the most")
    parser.add_argument("--runs", type=int, default=2, help="networks that are averaged")
    parser.add_argument("--unet", help="weights of a U-Net that are not shipped")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    found = abroad(options.size)
    bodies = {"brain": resized(held_back(3)[1], options.size)} | {name: found[name] for name in BODIES if name in found}
    scores = scored(bodies, options)
    drawn(scores, bodies)
    text = (
        f"PSNR / SSIM of a brain and of bodies that no training saw, shrunk to {options.size} pixels of their longer "
        f"side: {COILS} simulated coils, random lines at {ACCELERATION:g}x, noise of {NOISE:g} of the maximum in each "
        f"coil, told. The untrained networks are the shipped methods with {options.updates} updates instead of 2500: "
        "one image seen through the coils' maps, where the paper's network makes the images of all coils and learns "
        f"for 20,000 updates; held-out samples stop them. `ConvDecoder` is the mean score of {options.runs} runs, the "
        "mean of their images stands below. Seconds are those of one core of a busy machine."
    )
    parts = [
        text,
        figure("no_training", "PSNR on each body; PSNR and seconds"),
        table(["method", *bodies, "mean", "seconds"], rows(scores, bodies)),
        f"{options.updates} updates of the paper's 20,000 and {options.size} pixels of its 640 x 368: what does not "
        "hold here may hold there.",
    ]
    write("no_training", "No training at all", parts, claims(scores))


if __name__ == "__main__":
    main()
