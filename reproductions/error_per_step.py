"""The error of every time step over the training of a RIM of ten steps, real or complex, as a heat map.

    python reproductions/error_per_step.py --minutes 13            # the real RIM of spread.py: trained once for both
    python reproductions/error_per_step.py --updates 20000 --minutes 180 --images 30
    python reproductions/error_per_step.py --network complex_rim --minutes 13       # the project page's heat map

Trainings, looked at again at each of their twenty validations, with weights averaged over the last tenth of the
updates, a thousand at most. The project page says: the first steps keep a high loss however long one trains; less is
gained per step.
"""

import torch
from matplotlib.figure import Figure

from _models import Models
from _page import Claim, figure, save, table, training_options, write
from _project_page import FEATURES, SIDE, STEPS, described, errors, history, squares
from _verdict import SEEDS, verdict, worded


def drawn(updates, decibels):
    """Draw the error in decibels, one column per validation, one row per step."""
    sheet = Figure(figsize=(7, 3.4), layout="constrained")
    axis = sheet.subplots()
    shown = axis.pcolormesh(updates, range(1, STEPS + 1), decibels.T.numpy(), shading="nearest", cmap="viridis")
    axis.set_yticks(range(1, STEPS + 1))
    axis.invert_yaxis()
    axis.set_xlabel("updates")
    axis.set_ylabel("time step")
    sheet.colorbar(shown, label="mean squared error / dB")
    save("error_per_step", sheet)


def claims(updates, decibels):
    """Return what the page says of the steps, and what came out.

    Arguments:
        updates: at each validation.
        decibels: error (seed, validation, step); None before anything is trained.
    """
    high = "the first steps keep a high loss however long one trains (first against last step)"
    less = "less is gained per step (the gain of each step after training)"
    if decibels is None:
        return [Claim(high, "figure only", None, None), Claim(less, "figure only", None, None)]
    quarter = max(0, len(updates) // 4 - 1)  # what came before says more of the beginning than of the steps
    start, end = decibels[:, quarter], decibels[:, -1]
    first, last = ((start[:, k], end[:, k]) for k in (0, -1))
    text = "from {} to {} updates: {:.1f} to {:.1f} dB against {:.1f} to {:.1f} dB"
    learned = text.format(updates[quarter], updates[-1], *(float(x.mean()) for x in (*first, *last)))
    steps = end[:, :-1] - end[:, 1:]
    half = steps.shape[1] // 2
    gains = ", ".join(worded(step, "+.1f") for step in steps.T) + " dB"
    return [
        Claim(high, "figure only", learned, verdict([(last[0] - last[1]) - (first[0] - first[1]), first[1] - last[1]])),
        Claim(less, "figure only", gains, verdict([steps[:, :half].mean(1) - steps[:, half:].mean(1)])),
    ]


def main():
    """Train if there is time, and write the page."""
    parser = training_options(__doc__)
    parser.add_argument("--updates", type=int, default=1800)
    parser.add_argument("--images", type=int, default=6)
    parser.add_argument("--acceleration", type=float, default=4.0)
    parser.add_argument("--network", choices=[*FEATURES], default="rim")
    options = parser.parse_args()
    models = Models(options.minutes)
    seeds = [history(models, options.network, options.updates, seed) for seed in SEEDS]
    seen = [one for one in seeds if one]
    text = (
        f"A RIM, {described(options.updates, options.network)}. Looked at on the central {SIDE} x {SIDE} of "
        f"{options.images} slices of a subject that it never saw, at {options.acceleration:g}x, noise 0.001; error of "
        f"the complex image, whose maximum is 1; means over {len(seen)} training(s), each from another seed."
    )
    parts, updates, decibels, mean = [text], [], None, None
    if seen:
        updates, images = [*seen[0]], squares(options.images)
        found = [errors(one.values(), images, options.acceleration) for one in seen]
        decibels = 10 * torch.stack(found).log10()
        mean = decibels.mean(0)
        drawn(updates, mean)
        parts.append(figure("error_per_step", "error per step over the training"))
    rows = [[n, *(f"{value:.1f}" for value in mean[i])] for i, n in enumerate(updates) if i % 5 == 4]
    parts.append(table(["updates", *(f"step {t}" for t in range(1, STEPS + 1))], rows or [[None] * (STEPS + 1)]))
    write("error_per_step", "The error of every step, over the training", parts, claims(updates, decibels))


if __name__ == "__main__":
    main()
