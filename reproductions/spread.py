"""How much the error varies over slices and over sampling patterns: compressed sensing, the real and the complex RIM.

    python reproductions/spread.py --minutes 25                       # the real one is that of error_per_step.py
    python reproductions/spread.py --images 10 --patterns 10          # the shipped networks, 100 scans at each rate
    python reproductions/spread.py --updates 20000 --minutes 400 --images 30 --patterns 10

The project page's claims: the benefit of complex networks is marginal, the gain over compressed sensing grows with the
acceleration; the RIM paper's: the spread over patterns and slices is narrower than that of compressed sensing. Real
against complex is judged by two networks that learned alike, the rest by the shipped RIM, which stands beside what it
is without the conjugate gradients that the paper's has not. Below, the evaluation loss of the two. Scores are
remembered in ../runs/reproductions/numbers, so that a run that was cut short goes on.
"""

from functools import partial
from hashlib import sha256

import torch
from matplotlib.figure import Figure

import dealias
from _data import held_back, scans
from _models import Models
from _page import Claim, figure, save, table, training_options, write
from _project_page import CENTRE, SIDE, described, errors, history, squares
from _remembered import remembered
from _verdict import verdict, worded
from dealias.evaluation.metrics import mse, ssim

ACCELERATIONS, FOLLOWED = (2.0, 3.0, 4.0, 5.0, 6.0), (4.0, 6.0)
CS, RIM, BARE, COMPLEX = "CS", "RIM, shipped", "the same, no conjugate gradients", "complex RIM, shipped"
NETWORKS = {"real RIM": "rim", "complex RIM": "complex_rim"}  # those that learn alike
COLOURS = {CS: "tab:grey", RIM: "tab:green", BARE: "tab:olive", COMPLEX: "tab:red"}
COLOURS |= dict(zip(NETWORKS, ("tab:blue", "tab:orange"), strict=True))
MARGINAL = 0.5  # dB: what we call so


def shipped():
    """Return what needs no training here, by name."""
    return {
        CS: dealias.load("wavelet"),
        RIM: dealias.load("rim"),
        BARE: dealias.load("rim", consistency_steps=0),
        COMPLEX: dealias.load("complex_rim"),
    }


def scored(method, images, patterns):
    """Return MSE and SSIM of magnitudes, (acceleration, slice, pattern, metric), of each scan remembered."""
    found = []
    for acceleration in ACCELERATIONS:
        for number, (scan, image) in enumerate(scans(images, acceleration, patterns=patterns, centre=CENTRE)):
            place = dict(zip(("slice", "pattern"), divmod(number, patterns), strict=True))
            case = {"page": "spread", "image": digest(image), "acceleration": acceleration, **place}
            numbers = remembered(partial(errors_of, method, scan, image), method, **case)
            found.append([numbers["mse"], numbers["ssim"]])
    return torch.tensor(found).reshape(len(ACCELERATIONS), len(images), patterns, 2)


def errors_of(method, scan, image):
    """Return the scores of a method's magnitude by their names."""
    x = dealias.reconstruct(method, scan)
    return {"mse": float(mse(x, image)), "ssim": float(ssim(x, image, "gaussian"))}


def digest(image):
    """Return what tells an image from others."""
    return sha256(image.numpy().tobytes()).hexdigest()[:16]


def drawn(scores):
    """Draw boxes over slices: of the mean over patterns above, of the standard deviation below."""
    sheet = Figure(figsize=(9, 6), layout="constrained")
    width = 0.8 / len(scores)
    for row, (statistic, name) in zip(
        sheet.subplots(2, 2, sharex=True), ((torch.mean, "mean"), (torch.std, "standard deviation")), strict=True
    ):
        for metric, axis in enumerate(row):
            for number, (method, values) in enumerate(scores.items()):
                place = [k + width * (number - (len(scores) - 1) / 2) for k in range(len(ACCELERATIONS))]
                boxes = statistic(values[..., metric], dim=2).T.numpy()
                look = {"color": COLOURS[method]}
                axis.boxplot(
                    boxes,
                    positions=place,
                    widths=0.8 * width,
                    boxprops=look,
                    medianprops=look,
                    whiskerprops=look,
                    capprops=look,
                    flierprops={"marker": ".", "markeredgecolor": COLOURS[method]},
                )
                axis.plot([], [], label=method, **look)
            axis.set_xticks(range(len(ACCELERATIONS)), [f"{acceleration:g}x" for acceleration in ACCELERATIONS])
            axis.set_title(f"{('MSE', 'SSIM')[metric]}, {name} over patterns", fontsize=10)
        row[0].set_yscale("log")
    sheet.legend(*sheet.axes[0].get_legend_handles_labels(), frameon=False, ncols=3, loc="outside lower center")
    save("spread", sheet)


def learning(histories, images):
    """Draw the evaluation loss, the mean of all steps, against the number of updates."""
    sheet = Figure(figsize=(6, 3.4), layout="constrained")
    axis = sheet.subplots()
    for name, seen in histories.items():
        for acceleration, line in zip(FOLLOWED, ("-", "--"), strict=True):
            loss = errors(seen.values(), images, acceleration).mean(1)
            axis.semilogy([*seen], loss, line, color=COLOURS[name], label=f"{name}, {acceleration:g}x")
    axis.set_xlabel("updates")
    axis.set_ylabel("mean squared error of all steps")
    axis.legend(frameon=False)
    save("spread_learning", sheet)


def claims(scores):
    """Return what paper and page say; scores by method (acceleration, slice, pattern, metric)."""
    lines = [marginal(scores)]
    over = {"patterns": lambda values: values.std(2).mean(1), "slices": lambda values: values.mean(2).std(1)}
    for varied, statistic in over.items():
        found = {name: statistic(values[..., 1]) for name, values in scores.items()}
        text = "; ".join(f"{name}: {', '.join(f'{v:.4f}' for v in values)}" for name, values in found.items())
        # one number for each acceleration, whose chance nobody knows: only where all agree
        less = found[RIM] < found[CS]
        holds = bool(less.all()) if less.all() or not less.any() else None
        lines.append(Claim(f"SSIM of the RIM varies less over {varied} than that of CS", "figure only", text, holds))
    return [*lines, *against_cs(scores)]


def gains(scores, one, other):
    """Return by how many decibels of MSE one is above the other, the mean over patterns (acceleration, slice)."""
    return 10 * (scores[other][..., 0] / scores[one][..., 0]).log10().mean(2)


def marginal(scores):
    """Return the claim about real and complex networks that learned alike."""
    real, complex_ = NETWORKS
    text = holds = None
    if {real, complex_} <= {*scores}:
        decibels = gains(scores, complex_, real)
        better = (scores[complex_] - scores[real])[..., 1].mean((1, 2))
        each = zip(ACCELERATIONS, decibels.mean(1), better, strict=True)
        text = ", ".join(f"{r:g}x {a:+.2f} dB, SSIM {b:+.4f}" for r, a, b in each)
        # one training of each: slices are what is repeated
        holds = verdict([*(MARGINAL - decibels), *(MARGINAL + decibels)])
    claim = f"the benefit of a complex RIM is marginal (within {MARGINAL:g} dB, both trained alike)"
    return Claim(claim, "not printed", text, holds)


def against_cs(scores):
    """Return the page's main claims: a RIM is above compressed sensing, and the more so the less was measured."""
    found = gains(scores, RIM, CS)
    text = ", ".join(f"{r:g}x {worded(gain)} dB" for r, gain in zip(ACCELERATIONS, found, strict=True))
    return [
        Claim(
            "a RIM is above compressed sensing, on average over accelerations", "stated", text, verdict([found.mean(0)])
        ),
        Claim("its gain grows with the acceleration", "stated", text, verdict([*found.diff(dim=0)])),
    ]


def main():
    """Train what the time allows, and write the page of what is there."""
    parser = training_options(__doc__)
    parser.add_argument("--updates", type=int, default=1800)
    parser.add_argument("--images", type=int, default=5)
    parser.add_argument("--patterns", type=int, default=3)
    options = parser.parse_args()
    if min(options.images, options.patterns) < 2:
        parser.error("a spread needs two images and two patterns, or more")
    models = Models(options.minutes)
    histories = {name: history(models, method, options.updates) for name, method in NETWORKS.items()}
    histories = {name: seen for name, seen in histories.items() if seen}
    trained = {name: [*seen.values()][-1] for name, seen in histories.items()}
    images = held_back(options.images)
    methods = shipped() | trained
    scores = {name: scored(method, images, options.patterns) for name, method in methods.items()}
    drawn(scores)
    rows = []
    for name in COLOURS:
        values = scores.get(name)
        for metric, label in enumerate(("MSE, dB", "SSIM")):
            cells = [None] * len(ACCELERATIONS)
            if values is not None:
                means = values[..., metric].mean((1, 2))
                cells = [f"{10 * v.log10():.2f}" for v in means] if metric == 0 else [f"{v:.4f}" for v in means]
            rows.append([name, label, *cells])
    text = (
        f"{options.images} whole slices of a subject that no training saw (the shipped weights were chosen by it), "
        f"{options.patterns} patterns with the same centre each, noise 0.001; magnitudes, SSIM with a Gaussian window "
        "of 11 x 11. CS: wavelets, regularisation by itself. Boxes: over slices, of the mean and of the standard "
        f"deviation over patterns. The shipped RIM ends with {dealias.load('rim').consistency_steps} steps of "
        "conjugate gradients that obey the data, which the paper's has not; the row below it is without. The shipped "
        "complex RIM learned for a tenth of the real one's time. Real RIM and complex RIM: "
        f"{described(options.updates, *NETWORKS.values())}; weights averaged over the last tenth of the updates, a "
        "thousand at most."
    )
    parts = [text, figure("spread", "boxes over slices"), table(["", "", *(f"{r:g}x" for r in ACCELERATIONS)], rows)]
    if histories:
        learning(histories, squares(options.images))
        parts += [
            f"The evaluation loss during training, on the central {SIDE} x {SIDE} of the same slices:",
            figure("spread_learning", "evaluation loss against updates"),
        ]
    write("spread", "Real against complex: the spread over slices and patterns", parts, claims(scores))


if __name__ == "__main__":
    main()
