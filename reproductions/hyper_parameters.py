"""How many time steps and features the RIM needs: the paper's study on patches of 30 x 30.

    python reproductions/hyper_parameters.py --minutes 20           # trains what fits, the rest in the next run
    python reproductions/hyper_parameters.py --updates 10000 --minutes 600 --images 10 --patterns 3 --seeds 3

What it says: short recursions diverge, more steps gain less and less but more at higher acceleration, features still
gain at 128, and the fourth estimate of a model of four steps beats the fourth of one of six.
"""

import torch
from matplotlib.figure import Figure

import dealias
from _data import held_back, scans
from _image_trainings import WHY, brains, rim
from _page import Claim, figure, save, table, training_options, write
from _verdict import SEEDS, both, listed, verdict
from dealias.evaluation.metrics import ssim

STEPS, FEATURES, ACCELERATIONS = (4, 6, 8, 10, 12), (32, 64, 128), (2.0, 3.0, 4.0, 5.0)
RESTARTS = 3


def scores(method, images, patterns):
    """Return the mean SSIM of every estimate at every acceleration, (acceleration, step)."""
    rows = []
    for acceleration in ACCELERATIONS:
        pairs = scans(images, acceleration, patterns=patterns)
        values = [[ssim(x, image, "gaussian") for x in dealias.iterate(method, scan)] for scan, image in pairs]
        rows.append(torch.tensor(values).mean(0))
    return torch.stack(rows)


def trained(models, steps, features, options, images):
    """Return the scores of so many models that learned (seed, acceleration, step), and how many others diverged.

    A training has diverged where its last estimate is worse than its first, or not a number. None if still to do.
    """
    found, diverged = [], 0
    for seed in range(options.seeds + RESTARTS):
        method = models.get(**rim(options.updates, steps, features, seed=seed))
        if method is None:
            return None
        some = scores(method, images, options.patterns)
        if (some[:, -1] > some[:, 0]).all():
            found.append(some)
        else:
            diverged += 1
        if len(found) == options.seeds:
            break
    return torch.stack(found or [some]), diverged


def drawn(results):
    """Draw SSIM against steps and against features, one curve for each acceleration."""
    sheet = Figure(figsize=(9, 3.2), layout="constrained")
    axes = sheet.subplots(1, 2, sharey=True)
    for axis, (name, place, others) in zip(
        axes, (("time steps T (F = 64)", 0, (None, 64)), ("features F (T = 8)", 1, (8, None))), strict=True
    ):
        keys = sorted(key for key in results if all(o in (None, k) for o, k in zip(others, key, strict=True)))
        for number, acceleration in enumerate(ACCELERATIONS):
            values = [float(results[key][0][:, number, -1].mean()) for key in keys]
            axis.plot([key[place] for key in keys], values, "o-", label=f"{acceleration:g}x")
        axis.set_xlabel(name)
    axes[0].set_ylabel("SSIM")
    axes[0].legend(frameon=False)
    save("hyper_parameters", sheet)


def claims(results):
    """Return what the paper says of steps and features, and what came out."""

    def last(steps, features=64):
        found = results.get((steps, features))
        return None if found is None else found[0][..., -1]  # (seed, acceleration)

    def gain(more, fewer):
        return None if more is None or fewer is None else more - fewer

    def averaged(values):
        return None if values is None else values.mean(1)

    pairs = [(4, 6), (6, 8), (8, 10), (10, 12)]
    gains = [gain(last(b), last(a)) for a, b in pairs]
    means = {f"{a} to {b}": averaged(values) for (a, b), values in zip(pairs, gains, strict=True)}
    lines = [diverged(results)]
    first, *_, end = gains
    little = gain(averaged(first), averaged(gains[2]))
    loss = None if end is None else -end[:, int(end.mean(0).argmin())]
    text = "8 to 10 steps gain less than 4 to 6, 10 to 12 even lose at some acceleration"
    lines.append(Claim(text, "figure only", listed(means, "+.4f", ""), both(verdict([little]), verdict([loss]))))
    whole = gain(last(8), last(4))
    grows = None if whole is None else whole[:, -1] - whole[:, 0]
    each = {f"{r:g}x": None if whole is None else whole[:, k] for k, r in enumerate(ACCELERATIONS)}
    # that it grows is not enough: steps that lose do not help
    helps = verdict([None if whole is None else value for value in each.values()])
    text = "steps help (4 to 8), and more at higher acceleration"
    lines.append(Claim(text, "figure only", listed(each, "+.4f", ""), both(helps, verdict([grows]))))
    wide = [averaged(last(8, features)) for features in FEATURES]
    named = {f"F = {f}": values for f, values in zip(FEATURES, wide, strict=True)}
    steps = [gain(b, a) for a, b in zip(wide[:-1], wide[1:], strict=True)]
    lines.append(Claim("features still gain at 128", "figure only", listed(named, ".4f", ""), verdict(steps)))
    four, six = results.get((4, 64)), results.get((6, 64))
    ours = {"4th of T = 4 minus 4th of T = 6": None, "6th of T = 6 minus 4th of T = 4": None}
    if four is not None and six is not None:
        early, late, final = (found[0][..., step].mean(1) for found, step in ((four, 3), (six, 3), (six, 5)))
        ours = dict(zip(ours, (early - late, final - early), strict=True))
    text = "4th estimate of T = 4 beats the 4th of T = 6, whose 6th is better still"
    lines.append(Claim(text, "figure only", listed(ours, "+.4f", ""), verdict([*ours.values()])))
    return lines


def diverged(results):
    """Return what the paper says of short recursions; gradients that are always clipped decide nothing against it."""
    short = {steps: results.get((steps, 64)) for steps in (4, 6, 8)}
    text = holds = None
    if None not in short.values():
        text = ", ".join(f"T = {steps}: {found[1]}" for steps, found in short.items())
        holds = True if short[4][1] > 1 and short[4][1] > short[8][1] + 1 else None
    claim = "T = 4 diverges often (restarts counted; our gradients are always clipped)"
    return Claim(claim, "T = 4 often, 6 hard, 8 fine", text, holds)


def main():
    """Train what the time allows, and write the page of what is there."""
    parser = training_options(__doc__)
    parser.add_argument("--updates", type=int, default=1000)
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--patterns", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="trainings of each, which tell what is chance")
    options = parser.parse_args()
    models = brains(options.minutes)
    images = held_back(options.images)
    results = {}
    for steps, features in [(steps, 64) for steps in STEPS] + [(8, features) for features in FEATURES]:
        found = trained(models, steps, features, options, images)
        if found is not None:
            results[steps, features] = found
    drawn(results)
    cells = []
    for t, f in sorted({(steps, 64) for steps in STEPS} | {(8, features) for features in FEATURES}):
        last = results[t, f][0][..., -1].T if (t, f) in results else [None] * len(ACCELERATIONS)
        cells.append([t, f, *(None if v is None else " ".join(f"{seed:.4f}" for seed in v) for v in last)])
    text = (
        f"RIMs trained on patches of 30 x 30 for {options.updates} updates of 8 patches, judged on {options.images} "
        f"whole slices of a subject that they never saw, {options.patterns} 2D Gaussian pattern(s) each, noise 0.001; "
        f"SSIM with a Gaussian window of 11 x 11. {options.seeds} training(s) of each, a number for each seed: rows "
        "that differ no more than seeds do are not ranked by this. A model that diverged was trained again from "
        "another seed."
    )
    head = ["T", "F", *(f"{acceleration:g}x" for acceleration in ACCELERATIONS)]
    write(
        "hyper_parameters",
        "How many time steps, how many features",
        [text, table(head, cells), figure("hyper_parameters", "SSIM against T and F"), WHY],
        claims(results),
    )


if __name__ == "__main__":
    main()
