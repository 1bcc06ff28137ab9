"""What the RIM's memory is for: the same network, its hidden states cleared before every step.

    python reproductions/hidden_state.py --minutes 25               # trains what fits, the rest in the next run
    python reproductions/hidden_state.py --features 16 --minutes 25 # a small network, three seeds of which fit
    python reproductions/hidden_state.py --updates 20000 --images 10 --minutes 900

The paper conjectures that generalisation comes from the hidden state. And an option of ours: a RIM that is told the
noise level against one that is not, both trained on noise from 0.0005 to 0.05 of the maximum.
"""

import torch
from matplotlib.figure import Figure

import dealias
from _data import scans
from _image_trainings import WHY, brains, rim
from _page import Claim, figure, save, table, training_options, write
from _scores import ABROAD, BRAIN, bodies, cells, decibels, everywhere, gain
from _verdict import listed, verdict
from dealias.evaluation.metrics import psnr

ACCELERATIONS = (2.0, 3.0, 4.0, 5.0)
NOISES, LOUD = (0.0005, 0.002, 0.01, 0.05), (0.0005, 0.05)
WITH, WITHOUT = "with memory", "without memory"
TOLD, UNTOLD = "told the noise level", "not told"


def changed(settings, **arguments):
    """Return a training whose network has other arguments."""
    return {**settings, "method_arguments": {**settings["method_arguments"], **arguments}}


def trainings(updates, features=64):
    """Return the four trainings: with and without memory, told the noise level and not."""
    paper, loud = (rim(updates, features=features, **noise) for noise in ({}, {"noise": LOUD}))
    return {
        WITH: paper,
        WITHOUT: changed(paper, memory=False),
        TOLD: changed(loud, noise_input=True),
        UNTOLD: loud,
    }


def weights(features):
    """Return how many weights a RIM has, and how many act without memory.

    Those that do not are, in each of its two units, what meets a state in three gates and what makes the reset gate.
    """
    number = sum(value.numel() for value in dealias.find.method("rim")(features=features).parameters())
    return number, number - 2 * (4 * features**2 + features)


def followed(method, places):
    """Return the mean PSNR of every estimate at 4x, at home and abroad."""

    def mean(images):
        found = [[psnr(x, image) for x in dealias.iterate(method, scan)] for scan, image in scans(images, 4.0)]
        return torch.tensor(found).mean(0)

    return mean(places[BRAIN]), mean([image for name, images in places.items() if name != BRAIN for image in images])


def drawn(methods, places):
    """Draw PSNR against the step, with and without memory, at home and abroad."""
    sheet = Figure(figsize=(5.5, 3.4), layout="constrained")
    axis = sheet.subplots()
    for name, colour in ((WITH, "#2171b5"), (WITHOUT, "#d94801")):
        if not methods[name]:
            continue
        for values, style, where in zip(followed(methods[name][0], places), "-:", (BRAIN, ABROAD), strict=True):
            axis.plot(range(1, len(values) + 1), values, style, marker="o", color=colour, label=f"{name}, {where}")
    axis.set_xlabel("step")
    axis.set_ylabel("PSNR at 4x / dB")
    if axis.lines:
        axis.legend(frameon=False, fontsize=8)
    save("hidden_state", sheet)


def noisy(methods, places):
    """Return the PSNR at home at 4x (seed,) for each level of noise; None without a method."""
    if not methods:
        return None
    return {
        noise: torch.tensor([decibels(method, places[BRAIN], noise_std=noise) for method in methods])
        for noise in NOISES
    }


def claims(scores, told, untold):
    """Return what the paper says of the hidden state, what we say of the noise level, and what came out."""
    four = (scores[4.0][WITH], scores[4.0][WITHOUT])
    home, abroad = (gain(*four, place) for place in (BRAIN, ABROAD))
    rates = {f"{r:g}x": gain(found[WITH], found[WITHOUT], BRAIN) for r, found in scores.items()}
    more = None if home is None else abroad - home
    levels = {f"{n:g}": gain(told, untold, n) for n in NOISES}
    return [
        Claim(
            "the hidden state helps on the anatomy that it was trained on",
            "not measured",
            listed(rates),
            verdict([*rates.values()]),
        ),
        Claim(
            "generalisation comes from the hidden state: abroad it matters more than at home (4x)",
            "conjectured",
            listed({"at home": home, "abroad": abroad, "the difference": more}),
            verdict([more, abroad]),
        ),
        Claim(
            "a RIM that is told the noise level copes with a range of noise better (ours)",
            "not in the paper",
            listed(levels),
            verdict([*levels.values()]),
        ),
    ]


def main():
    """Train what the time allows, and write the page of what is there."""
    parser = training_options(__doc__)
    parser.add_argument("--updates", type=int, default=1000)
    parser.add_argument("--features", type=int, default=64)
    parser.add_argument("--images", type=int, default=4)
    options = parser.parse_args()
    models = brains(options.minutes)
    settings = trainings(options.updates, options.features)
    learned = {name: models.seeds(**some) for name, some in settings.items()}
    methods = {name: learned[name] for name in (WITH, WITHOUT)}
    places = bodies(options.images)
    compared = {"zero-filled": ["zero_filled"], "CS": ["wavelet"], **methods}
    scores = {
        r: {name: everywhere(several, places, acceleration=r) for name, several in compared.items()}
        for r in ACCELERATIONS
    }
    drawn(methods, places)
    columns = [*places, ABROAD]
    rows = [[f"{r:g}x", name, *cells(found[name], columns)] for r, found in scores.items() for name in compared]
    levels = {name: noisy(learned[name], places) for name in (TOLD, UNTOLD)}
    text = (
        f"PSNR / dB on {options.images} slices of a brain that was held back and on bodies that no training saw, 2D "
        f"Gaussian masks, noise 0.001 of the maximum. RIMs of {options.features} features and 8 steps, trained alike: "
        f"{options.updates} updates of 8 patches of 30 x 30, squared error, mean ± standard deviation over the seeds "
        "that were trained; the figure shows the first. Without memory both hidden states are zero "
        "before every step, so that a step knows its estimate and gradient alone, not even which step it is; of "
        "{:,} weights {:,} act, those that neither meet a state nor reset one.".format(*weights(options.features))
    )
    noise = f"Trained on noise from {LOUD[0]:g} to {LOUD[1]:g} of the maximum, on the held-back brain at 4x by noise:"
    parts = [
        text,
        table(["R", "", *columns], rows),
        figure("hidden_state", "PSNR after every step, with and without memory"),
        noise,
        table(["RIM", *(f"{n:g}" for n in NOISES)], [[name, *cells(found, NOISES)] for name, found in levels.items()]),
        WHY,
    ]
    write(
        "hidden_state",
        "What the hidden state is for",
        parts,
        claims(scores, levels[TOLD], levels[UNTOLD]),
    )


if __name__ == "__main__":
    main()
