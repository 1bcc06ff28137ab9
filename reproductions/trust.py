"""Error bars without any truth, against the truth: predicted and true error, coverage, calibration curves.

    python reproductions/trust.py [--patterns 3] [--size 128] [--folds 2] [--draws 2]

What the project says of its error bars, by samples that were held out of each scan. Their factor was chosen on images
of the first three bodies and of a brain of 8 coils (`benchmarks/error_bars.py`), with masks of another seed.
"""

import argparse
import warnings
from collections import defaultdict

import torch
from matplotlib.figure import Figure

import _risk
import dealias
from _benchmarks import KINDS as ALL_KINDS
from _data import foreign, held_back
from _page import Claim, figure, save, table, write
from _verdict import listed, verdict
from dealias.acquisition import Acquisition
from dealias.errors import Note
from dealias.evaluation.calibration import BODY, CURVE, GROUPS, judged

METHODS = ("wavelet", "rim")
KINDS = {name: ALL_KINDS[name] for name in ("Gaussian 2x", "Gaussian 4x", "random lines 3x")}
MARKERS = dict(zip(KINDS, "o^s", strict=True))
RISK = ("siat_brain_val", "ukat_t1_philips")  # bodies of which the three estimates are compared
COLOURS = dict(zip(METHODS, ("C0", "C1"), strict=True))
PUBLISHED = 0.44  # correlation over slices, the highest of van Lohuizen 2026


def cropped(image, size):
    """Return an image (y, x) of maximum one, of the middle of its k-space."""
    kspace = Acquisition.simulate(image, torch.ones(image.shape)).centred_kspace
    rows, columns = ((n - min(n, size)) // 2 for n in image.shape)
    image = Acquisition.centred(kspace[..., rows : rows + size, columns : columns + size]).zero_filled
    return image / image.abs().max()


def cases(bodies, options, kinds=KINDS):
    """Yield body, kind of mask, number of the pattern, scan and true image."""
    for body, image in bodies.items():
        for kind, draw in ((kind, KINDS[kind]) for kind in kinds):
            for pattern in range(options.patterns):
                generator = torch.Generator().manual_seed(1000 + pattern)
                mask = draw((*image.shape,), generator)
                yield body, kind, pattern, Acquisition.simulate(image, mask, None, 1e-3, generator=generator), image


def scored(bodies, options):
    """Return what each case shows, by body, method and kind of mask: a list over patterns."""
    found = defaultdict(list)
    for body, kind, _, scan, image in cases(bodies, options):
        for method in METHODS:
            bar = dealias.uncertainty(method, scan, folds=options.folds)
            numbers = judged(bar.image, bar.half_width, bar.rms, image, bar.coverage)
            inside = image.abs() > BODY * image.abs().max()
            error = (bar.image.abs() - image.abs()).abs()[inside]
            numbers["narrower"] = 1 - bar.half_width[inside].mean() / error.quantile(numbers["coverage_body"].float())
            found[body, method, kind].append(numbers)
    return found


def values(found, name, **chosen):
    """Return a number of all cases that are chosen (pattern, case); of bodies, methods or kinds of masks."""
    places = [
        place
        for place in found
        if all(place[("body", "method", "kind").index(axis)] in wanted for axis, wanted in chosen.items())
    ]
    return torch.tensor([[float(one[name]) for one in found[place]] for place in places]).T


def ratios(found, **chosen):
    """Return predicted over true error (pattern, case)."""
    return values(found, "predicted_rms", **chosen) / values(found, "true_rms", **chosen)


def claims(found, bodies):
    """Return what the project aims at, which no paper does but one, and what came out."""
    points, lines = ([kind for kind in KINDS if ("Gaussian" in kind) == wanted] for wanted in (True, False))
    near = ((ratios(found, kind=points) - 1).abs() < 0.15).double().mean(1)
    nearer = ((ratios(found, kind=lines) - 1).abs() < 0.3).double().mean(1)
    covered = {body: values(found, "coverage_body", body=[body]).mean(1) for body in bodies}
    correlation = {method: values(found, "correlation", method=[method]).mean(1) for method in METHODS}
    narrower = {method: values(found, "narrower", method=[method]).mean(1) for method in METHODS}
    return [
        Claim(
            "the error is predicted within 15 % in nine of ten cases, points (ours)",
            "not claimed",
            f"{float(near.mean()):.0%}",
            verdict([near], 0.9),
        ),
        Claim(
            "within 30 % in nine of ten cases, lines (ours)",
            "not claimed",
            f"{float(nearer.mean()):.0%}",
            verdict([nearer], 0.9),
        ),
        Claim(
            "the interval covers 90 +- 4 % of the body, in the mean over methods and masks of each (ours)",
            "not claimed",
            listed(covered, ".1%", ""),
            verdict([0.04 - (share - 0.9).abs() for share in covered.values()]),
        ),
        Claim(
            "half-width and error of the body's pixels correlate more than published",
            f".35 to {PUBLISHED} (van Lohuizen 2026)",
            listed(correlation, ".2f", ""),
            verdict([*correlation.values()], PUBLISHED),
        ),
        Claim(
            "the mean half-width is a fifth below that of one width with the same coverage (ours)",
            "not claimed",
            listed(narrower, "+.1%", ""),
            verdict([*narrower.values()], 0.2),
        ),
    ]


def drawn(found, bodies):
    """Draw predicted against true error of all cases, and the calibration curve of each body."""
    columns = 1 + len(bodies)
    sheet = Figure(figsize=(2.6 * columns, 3.1), layout="constrained")
    axes = sheet.add_subplot(1, columns, 1)
    for (_, method, kind), cases in found.items():
        pairs = torch.tensor([[float(one["true_rms"]), float(one["predicted_rms"])] for one in cases])
        axes.scatter(*pairs.T, s=14, marker=MARKERS[kind], color=COLOURS[method], alpha=0.7, linewidth=0)
    ends = [float(f([float(one["true_rms"]) for cases in found.values() for one in cases])) for f in (min, max)]
    ends = [0.7 * ends[0], 1.4 * ends[1]]
    below, above = ([factor * end for end in ends] for factor in (0.85, 1.15))
    axes.fill_between(ends, below, above, color="0.9", linewidth=0, zorder=0)
    axes.plot(ends, ends, color="0.6", linewidth=1, zorder=1)
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends, xlabel="true rms error", ylabel="predicted rms error")
    for kind, marker in MARKERS.items():
        axes.scatter([], [], s=14, marker=marker, color="0.4", label=kind)
    axes.legend(fontsize=6.5, frameon=False, loc="lower right", handletextpad=0.1)
    axes.set_title("every case, within 15 % grey", fontsize=8)
    for place, body in enumerate(bodies, start=2):
        _curve(sheet.add_subplot(1, columns, place), found, body, legend=place == 2)
    save("trust", sheet)


def _curve(axes, found, body, legend):
    """Draw one body's calibration curve: the error that the interval should hold, by its half-width."""
    largest = 0.0
    for method in METHODS:
        numbers = torch.stack([values(found, name, body=[body], method=[method]) for name in CURVE])
        mean = (numbers / values(found, "true_rms", body=[body], method=[method])).mean((1, 2))
        width, quantile = mean[:GROUPS], mean[GROUPS:]
        axes.plot(width, quantile, marker="o", markersize=3, color=COLOURS[method], linewidth=1, label=method)
        largest = max(largest, float(mean.max()))
    axes.plot([0, 1.05 * largest], [0, 1.05 * largest], color="0.6", linewidth=1, zorder=0)
    axes.set(xlim=(0, 1.05 * largest), ylim=(0, 1.05 * largest), xlabel="half-width / rms error")
    if legend:
        axes.set_ylabel("error of nine pixels in ten / rms")
        axes.legend(fontsize=7, frameon=False)
    axes.set_title(body, fontsize=8)


def rows(found, bodies):
    """Return the cells of the table: means over patterns, and over kinds of masks."""
    for body in bodies:
        for method in METHODS:
            chosen = {"body": [body], "method": [method]}
            by_kind = [f"{float(ratios(found, kind=[kind], **chosen).mean()):.2f}" for kind in KINDS]
            means = {
                name: float(values(found, name, **chosen).mean())
                for name in ("coverage_body", "correlation", "sparsification")
            }
            cells = [f"{means['coverage_body']:.1%}", f"{means['correlation']:.2f}", f"{means['sparsification']:.2f}"]
            yield [body, method, *by_kind, *cells]


def main():
    """Write the page and its figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patterns", type=int, default=3)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--draws", type=int, default=2, help="from the posterior, averaged")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    bodies = {"siat_brain_val": held_back(3)[1], **foreign()}
    bodies = {name: cropped(image, options.size) for name, image in bodies.items()}
    found = scored(bodies, options)
    few = {body: bodies[body] for body in RISK if body in bodies}
    risk_cases = [(body, *rest) for body, _, *rest in cases(few, options, ["Gaussian 4x"])]
    risks = _risk.judged(risk_cases, {"wavelet": 0, "rim": 0, "score_prior": options.draws})
    drawn(found, bodies)
    text = (
        f"Images of bodies that no training saw, the middle {options.size} x {options.size} of their k-space, one coil "
        f"with noise of 0.001 told, {options.patterns} patterns of each kind of mask. Error bars by samples that are "
        "held out of each scan; the truth only judges them. Errors are those of magnitudes, coverage, correlation and "
        "sparsification (1 where the half-width knows nothing) those of the body, above 5 % of the maximum. Predicted "
        "over true rms error for each kind of mask:"
    )
    head = ["body", "method", *KINDS, "coverage", "correlation", "sparsification"]
    parts = [
        text,
        figure("trust", "predicted against true error; calibration curves"),
        table(head, rows(found, bodies)),
    ]
    parts.append(
        "A calibration curve takes the body's pixels in ten groups, from narrow intervals to wide: the error that nine "
        "in ten of a group stay below, against their half-width. Honest intervals lie on the line."
    )
    parts.append(_risk.text(risks, few))
    write("trust", "How far error bars can be trusted", parts, [*claims(found, bodies), *_risk.claims(risks)])


if __name__ == "__main__":
    main()
