"""From the brain to other bodies: a prior of images alone beside networks that learned to reconstruct the same brains.

    python reproductions/abroad.py [--size 128] [--patterns 2] [--unet FILE]

What the paper of the score prior and the survey claim, and the project's own: two decibels above the U-Net on foreign
anatomy at 4x, not below wavelets in the mean, and a posterior mean of 256 x 256 in two minutes of two cores. Every
score is kept in ../runs/reproductions/numbers, by the weights of its method: new weights compute their own alone.
"""

import argparse
import warnings
from functools import partial

import torch
from matplotlib.figure import Figure

import dealias
from _data import abroad, held_back, resized, scans
from _page import WAITING, Claim, figure, save, table, write
from _remembered import remembered
from _scores import loaded, measured
from _verdict import both, verdict, worded
from dealias.errors import Note

ACCELERATION, NOISE = 4.0, 0.002
COMPRESSED, SUPERVISED = ("wavelet", "total_variation"), ("unet", "modl", "rim")
PRIORS = ("plug_and_play", "diffpir")
METHODS = (*COMPRESSED, *SUPERVISED, *PRIORS)
COLOURS = dict(zip(METHODS, ("0.75", "0.5", "#fdae6b", "#e6550d", "#2171b5", "#54278f", "#9e9ac8"), strict=True))
LEAST = 2.0  # decibels above the U-Net
WHOLE, CHAINS = 256, 8  # of the posterior mean that is timed


def scored(methods, bodies, patterns):
    """Return PSNR, SSIM and seconds of each method, (body, pattern, 3)."""
    found = {name: [] for name in methods}
    for body, image in bodies.items():
        pairs = scans([image], ACCELERATION, patterns=patterns, noise_std=NOISE)
        for name, rows in found.items():
            where = {"body": body, "size": image.shape}
            numbers = [
                remembered(partial(measured, methods[name], *pair), methods[name], **where, pattern=number)
                for number, pair in enumerate(pairs)
            ]
            rows.append([[one[key] for key in ("psnr", "ssim", "seconds")] for one in numbers])
    return {name: torch.tensor(rows) for name, rows in found.items()}


def gain(scores, one, other, places):
    """Return by how many decibels one method is above another at some of the bodies (body,); None before both are."""
    if one not in scores or other not in scores:
        return None
    return (scores[one] - scores[other])[places, :, 0].mean(1)


def falls(scores, one, other, home):
    """Return how much farther than one another falls from home to each body abroad (body,), in decibels; or None."""
    brains = gain(scores, one, other, slice(home))
    return None if brains is None else gain(scores, one, other, slice(home, None)) - brains.mean()


def posterior_mean():
    """Return the seconds of processor that a mean of samples takes at full size, and by how much it beats one."""
    image = resized(held_back(1)[0], WHOLE)
    ((scan, image),) = scans([image], ACCELERATION, noise_std=NOISE)
    found = []
    for chains in (1, CHAINS):
        method = dealias.load("diffpir", chains=chains)
        found.append(remembered(partial(measured, method, scan, image), method, body="whole", size=image.shape))
    return found[1]["seconds"], found[1]["psnr"] - found[0]["psnr"], tuple(image.shape)


def claims(scores, home, whole):
    """Return the claims; bodies are what is repeated."""
    above = {name: gain(scores, name, "unet", slice(home, None)) for name in PRIORS}
    against = {name: gain(scores, name, "wavelet", slice(home, None)) for name in PRIORS}
    further = {(one, name): falls(scores, one, name, home) for one in PRIORS for name in SUPERVISED}
    seconds = {name: float(scores[name][..., 2].median()) for name in PRIORS}
    total, _, shape = whole
    return [
        Claim(
            "trained on brains, the prior works on the abdomen and the knee at 4x where supervised networks fail "
            f"(survey); {LEAST:g} dB above the U-Net (ours)",
            "figure only",
            each(above),
            both(*(verdict([gains], LEAST) for gains in above.values())),
        ),
        Claim(
            "and not below wavelets, in the mean over foreign bodies (ours)",
            "not claimed",
            each(against),
            both(*(verdict([gains]) for gains in against.values())),
        ),
        Claim(
            "from brains to other bodies the prior loses less than supervised networks: what these lose more",
            "figure only",
            each({f"{name} against {one}": gains for (one, name), gains in further.items()}),
            verdict([*further.values()]),
        ),
        Claim(
            "a slice takes a fraction of a sampler's time: seconds of one core",
            "more than 15 minutes of a GPU (survey)",
            ", ".join(f"{name} {value:.1f}" for name, value in seconds.items()),
            max(seconds.values()) < 15 * 60,
        ),
        Claim(
            f"a posterior mean of a {WHOLE} x {WHOLE} slice in two minutes of two cores (ours)",
            "not claimed",
            f"{total:.0f} s of one core: {CHAINS} samples of {shape[0]} x {shape[1]} by diffpir",
            total < 120 or None,  # one core within the time suffices; more says nothing of two
        ),
    ]


def each(gains):
    """Return the mean over bodies of each, with its standard deviation; None before all are known."""
    if any(values is None for values in gains.values()):
        return None
    return ", ".join(f"{name}: {worded(values)} dB" for name, values in gains.items())


def drawn(scores, bodies, home):
    """Draw the gain over wavelets of each method on each body."""
    sheet = Figure(figsize=(9, 3.4), layout="constrained")
    axes = sheet.subplots()
    axes.axhline(0, color="0.75", linewidth=1)
    axes.axvline(home - 0.5, color="0.75", linewidth=1, linestyle=":")
    shown = [name for name in METHODS[1:] if name in scores]
    for number, name in enumerate(shown):
        places = [body + 0.09 * (number - (len(shown) - 1) / 2) for body in range(len(bodies))]
        values = gain(scores, name, "wavelet", slice(None))
        marker = "s" if name in PRIORS else "o"
        axes.plot(places, values, marker, label=name, color=COLOURS[name], markersize=5)
    axes.set_xticks(range(len(bodies)), [name.replace("_", "\n") for name in bodies], fontsize=7)
    axes.set_ylabel("PSNR above wavelets, dB")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    save("abroad", sheet)


def rows(scores, bodies, home):
    """Return the cells of the table: PSNR and SSIM, means over patterns; then the means at home and abroad."""
    groups = {name: [number] for number, name in enumerate(bodies)}
    groups |= {"brains, mean": range(home), "abroad, mean": range(home, len(bodies))}
    for title, places in groups.items():
        means = {name: values[[*places]].mean((0, 1)).tolist() for name, values in scores.items()}
        yield [title, *("{:.2f} / {:.3f}".format(*means[name][:2]) if name in means else None for name in METHODS)]
    seconds = {name: values[..., 2].median() for name, values in scores.items()}
    yield ["seconds, median", *(f"{seconds[name]:.2f}" if name in seconds else None for name in METHODS)]


def main():
    """Write the page and its figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=128, help="longer side of the images; 256 takes four times as long")
    parser.add_argument("--patterns", type=int, default=2)
    parser.add_argument("--unet", help="weights of a U-Net that are not shipped")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    brains = {f"brain {number}": resized(image, options.size) for number, image in enumerate(held_back(3), start=1)}
    bodies = {**brains, **abroad(options.size)}
    home = len(brains)
    scores = scored(loaded(METHODS, options.unet), bodies, options.patterns)
    drawn(scores, bodies, home)
    whole = posterior_mean()
    text = (
        f"PSNR / SSIM at {ACCELERATION:g}x, one coil, 2D Gaussian masks, noise of {NOISE:g} of the maximum, told; "
        f"means over {options.patterns} masks. Images are shrunk to {options.size} pixels of their longer side. All "
        "that was learned was learned on the same brains of SIAT (with phantoms and photographs, which all of them "
        "saw); the three brains are slices of a subject that chose among weights. The prior knows images alone, no "
        "mask and no coil. Settings of `plug_and_play`, `diffpir` and the RIM were chosen while some of these bodies "
        "were watched. Seconds are those of one core of a busy machine."
    )
    mean = f"A mean of {CHAINS} samples of `diffpir` is {whole[1]:+.2f} dB against one of them, on a whole brain slice."
    unet = f"The U-Net has no weights yet: {WAITING}."
    if "unet" in scores:
        behind, ahead = (float(gain(scores, one, "unet", slice(home)).mean()) for one in ("wavelet", PRIORS[0]))
        unet = (
            f"At home the U-Net is {behind:.1f} dB behind wavelets and {ahead:.1f} dB behind `{PRIORS[0]}`: what it "
            "lacks abroad is a matter of anatomy only where it lacks less here."
        )
    parts = [
        text,
        figure("abroad", "PSNR above wavelets on each body"),
        table(["body", *METHODS], rows(scores, bodies, home)),
        mean,
        unet,
    ]
    write("abroad", "From the brain to other bodies", parts, claims(scores, home, whole))


if __name__ == "__main__":
    main()
