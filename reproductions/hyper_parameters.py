"""How many time steps and features the RIM needs: the paper's study on patches of 30 x 30.

    python reproductions/hyper_parameters.py --minutes 20           # trains what fits, the rest in the next run
    python reproductions/hyper_parameters.py --updates 10000 --minutes 600 --images 10 --patterns 3 --seeds 3

Claims 3, 4 and 5 of the card: short recursions diverge, more steps gain less and less but more at higher
acceleration, features still gain at 128, and the fourth estimate of a model of four steps beats the fourth of one of
six.
"""

import torch
from matplotlib.figure import Figure

import dealias
from _data import held_back, scans
from _image_trainings import WHY, brains, rim
from _page import Claim, figure, save, table, training_options, write
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
        return None if found is None else found[0].mean(0)[:, -1]

    lines = []
    short = [results.get((steps, 64)) for steps in (4, 6, 8)]
    ours = (
        None if None in short else ", ".join(f"T = {t}: {found[1]}" for t, found in zip((4, 6, 8), short, strict=True))
    )
    holds = None if ours is None else short[0][1] > short[2][1]
    lines.append(Claim("T = 4 diverges often (restarts counted)", "T = 4 often, 6 hard, 8 fine", ours, holds))
    pairs = [(4, 6), (6, 8), (8, 10), (10, 12)]
    gains = [None if None in (last(a), last(b)) else last(b) - last(a) for a, b in pairs] if results else [None] * 4
    known = None not in gains
    text = holds = None
    if known:
        text = ", ".join(f"{a} to {b}: {gain.mean():+.4f}" for (a, b), gain in zip(pairs, gains, strict=True))
        text += f" (least {gains[3].min():+.4f})"
        holds = bool(gains[2].mean() < gains[0].mean() and gains[3].min() < 0)
    lines.append(
        Claim("8 to 10 steps gain little, 10 to 12 even lose at some accelerations", "figure only", text, holds)
    )
    whole = None if None in (last(4), last(8)) else last(8) - last(4)
    text = None if whole is None else ", ".join(f"{r:g}x {g:+.4f}" for r, g in zip(ACCELERATIONS, whole, strict=True))
    holds = None if whole is None else bool(whole[-1] > whole[0])
    lines.append(Claim("steps help more at higher acceleration (4 to 8 steps)", "figure only", text, holds))
    wide = [last(8, features) for features in FEATURES]
    known = None not in wide
    text = ", ".join(f"F = {f}: {w.mean():.4f}" for f, w in zip(FEATURES, wide, strict=True)) if known else None
    holds = None if not known else bool(wide[2].mean() > wide[1].mean() > wide[0].mean())
    lines.append(Claim("features still gain at 128", "figure only", text, holds))
    four, six = results.get((4, 64)), results.get((6, 64))
    known = four is not None and six is not None
    text = None
    if known:
        early, late, end = (found[0][..., step].mean() for found, step in ((four, 3), (six, 3), (six, 5)))
        text = f"{early:.4f} against {late:.4f}; sixth of T = 6: {end:.4f}"
    holds = None if not known else bool(early > late and end > early)
    lines.append(
        Claim("4th estimate of T = 4 beats the 4th of T = 6, whose 6th is better still", "figure only", text, holds)
    )
    return lines


def main():
    """Train what the time allows, and write the page of what is there."""
    parser = training_options(__doc__)
    parser.add_argument("--updates", type=int, default=1000)
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--patterns", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each, which tell what is chance")
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
