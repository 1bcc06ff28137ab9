"""One RIM for all accelerations against one for each, and small patches against large ones.

    python reproductions/one_for_all.py --minutes 25            # trains what fits, the rest in the next run
    python reproductions/one_for_all.py --updates 10000 --images 10 --patterns 3 --minutes 300

The RIM paper trains one network for a range of accelerations, and its study on small patches. Every model has the same
budget: as many updates for each acceleration's own model as for the one that serves all, and as many pixels from
patches of 200 x 200 as from those of 30 x 30. All are judged on whole slices. The first model is that of
hyper_parameters.py at F = 64 and T = 8, trained once for both pages.
"""

import torch
from matplotlib.figure import Figure

import dealias
from _data import held_back, scans
from _image_trainings import WHY, brains, rim
from _page import Claim, figure, save, table, training_options, write
from _verdict import paired, stacked, verdict, worded
from dealias.evaluation.metrics import psnr, ssim

ACCELERATIONS = (2.0, 3.0, 4.0, 5.0)
ALL, EACH, LARGE = "one for all, 30 x 30", "one for each, 30 x 30", "one for all, 200 x 200"
ZERO, CS = "zero-filled", "CS"
COLOURS = {ZERO: "0.8", CS: "0.5", ALL: "tab:blue", EACH: "tab:orange", LARGE: "tab:green"}
NEAR = 0.005  # of SSIM; the paper gives no number


def fewer(updates):
    """Return how many patches of 200 x 200 hold the pixels of so many updates of 8 patches of 30 x 30."""
    return max(1, round(updates * 8 * (30 / 200) ** 2))


def trained(models, updates):
    """Return for each name its methods at each acceleration, one for each seed that was trained."""
    common = models.seeds(**rim(updates))
    large = models.seeds(**rim(fewer(updates), crop=200, batch=1))
    each = [models.seeds(**rim(updates, acceleration=(r, r))) for r in ACCELERATIONS]
    alike = {ZERO: ["zero_filled"], CS: ["wavelet"], ALL: common, LARGE: large}
    found = {name: [method] * len(ACCELERATIONS) for name, method in alike.items()} | {EACH: each}
    return {name: found[name] for name in COLOURS}


def scored(methods, images, patterns):
    """Return for each name mean SSIM and PSNR (seed, 2) at each acceleration, None where it is not known yet."""
    found = {name: [] for name in methods}
    for place, acceleration in enumerate(ACCELERATIONS):
        pairs = scans(images, acceleration, patterns=patterns)
        for name, each in methods.items():
            values = []
            for method in each[place]:
                reconstructed = [(dealias.reconstruct(method, scan), image) for scan, image in pairs]
                scores = [(ssim(x, image, "gaussian"), psnr(x, image)) for x, image in reconstructed]
                values.append(torch.tensor(scores).mean(0))
            found[name].append(stacked(values))
    return found


def drawn(scores):
    """Draw mean SSIM and PSNR against acceleration, a line for each name."""
    sheet = Figure(figsize=(9, 3.4), layout="constrained")
    for axis, (number, label) in zip(sheet.subplots(1, 2), enumerate(("SSIM", "PSNR / dB")), strict=True):
        for name, values in scores.items():
            means = [float("nan") if value is None else float(value[:, number].mean()) for value in values]
            axis.plot(ACCELERATIONS, means, "o-", label=name, color=COLOURS[name])
        axis.set_xticks(ACCELERATIONS, [f"{r:g}x" for r in ACCELERATIONS])
        axis.set_ylabel(label)
    sheet.axes[0].legend(frameon=False, fontsize=8)
    save("one_for_all", sheet)


def differences(scores, one, other):
    """Return by how much one's mean SSIM and PSNR exceed the other's, (seed, acceleration, 2); None if unknown."""
    if any(value is None for name in (one, other) for value in scores[name]):
        return None
    once = [name in (ZERO, CS) for name in (one, other)]
    found = [paired(*pair, once=once) for pair in zip(scores[one], scores[other], strict=True)]
    seeds = min(map(len, found))
    return torch.stack([gain[:seeds] for gain in found], 1)


def shown(values):
    """Return differences in words, None where they are unknown."""
    if values is None:
        return None
    each = zip(ACCELERATIONS, values.unbind(1), strict=True)
    return ", ".join(f"{r:g}x {worded(both[:, 0], '+.4f')} ({worded(both[:, 1])} dB)" for r, both in each)


def similarities(values):
    """Return differences of SSIM (seed,) at each acceleration, for a verdict."""
    return [None] if values is None else [*values[..., 0].T]


def claims(scores):
    """Return what the paper says, and what came out."""
    against = differences(scores, ALL, EACH)
    patches, cs = differences(scores, ALL, LARGE), differences(scores, ALL, CS)
    return [
        Claim(
            f"one model for a range is enough: within {NEAR} of SSIM of one for each, or above",
            "stated",
            shown(against),
            verdict(similarities(against), -NEAR),
        ),
        Claim(
            f"patches of 30 x 30 serve for full size: within {NEAR} of those of 200 x 200, or above",
            "stated",
            shown(patches),
            verdict(similarities(patches), -NEAR),
        ),
        Claim(
            "patches of 30 x 30 suffice to be above CS",
            "stated",
            shown(cs),
            verdict(similarities(cs)),
        ),
    ]


def main():
    """Train what the time allows, and write the page of what is there."""
    parser = training_options(__doc__)
    parser.add_argument("--updates", type=int, default=1000, help="of 8 patches of 30 x 30")
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--patterns", type=int, default=1)
    options = parser.parse_args()
    models = brains(options.minutes)
    scores = scored(trained(models, options.updates), held_back(options.images), options.patterns)
    drawn(scores)
    rows = [
        [name, *(None if value is None else "{1:.2f} / {0:.4f}".format(*value.mean(0)) for value in values)]
        for name, values in scores.items()
    ]
    text = (
        f"RIMs with F = 64 and T = 8. Those for patches of 30 x 30 had {options.updates} updates of 8 each, at 1.5x to "
        "5.2x or at one acceleration alone, so that the four for one each had four times as much training together; "
        f"the one for 200 x 200 saw as many pixels in {fewer(options.updates)} updates of one patch. Judged on "
        f"{options.images} whole slices of a subject that no training saw, {options.patterns} 2D Gaussian pattern(s) "
        "each, noise 0.001; PSNR / SSIM, Gaussian window of 11 x 11; means over the seeds that were trained."
    )
    head = ["trained", *(f"{r:g}x" for r in ACCELERATIONS)]
    parts = [text, table(head, rows), figure("one_for_all", "SSIM and PSNR against acceleration"), WHY]
    write("one_for_all", "One for all, one for each", parts, claims(scores))


if __name__ == "__main__":
    main()
