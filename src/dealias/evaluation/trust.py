"""What a table of scored error bars says: means per mask, acceleration and method, and calibration curves."""

import os
from statistics import mean

from matplotlib.figure import Figure

from dealias.evaluation.calibration import GROUPS
from dealias.evaluation.report import Rows, by_acceleration
from dealias.files.atomic import atomic

TITLES = (
    *("mask", "R", "method", "images", "predicted / true rms", "within 15 %", "coverage", "of the body"),
    *("half-width / true rms", "correlation", "sparsification"),
)
INCHES = 3.6


def summary(rows: Rows) -> list[str]:
    """Return the lines of a Markdown table, after an empty one; none where no error bars were scored."""
    if not rows or "coverage" not in rows[0]:
        return []
    lines = ["", f"| {' | '.join(TITLES)} |", "|" + "---|" * len(TITLES)]
    for (mask, acceleration), group in by_acceleration(rows).items():
        for method in dict.fromkeys(row["method"] for row in group):
            chosen = [row for row in group if row["method"] == method]
            lines.append(f"| {mask} | {acceleration} | {method} | {len(chosen)} | {' | '.join(_cells(chosen))} |")
    return lines


def _cells(rows: Rows) -> list[str]:
    ratios = [float(row["predicted_rms"]) / float(row["true_rms"]) for row in rows if float(row["true_rms"]) > 0]
    widths = [float(row["half_width"]) / float(row["true_rms"]) for row in rows if float(row["true_rms"]) > 0]
    return [
        f"{mean(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else "",
        f"{mean(abs(ratio - 1) < 0.15 for ratio in ratios):.0%}" if ratios else "",
        f"{mean(float(row['coverage']) for row in rows):.1%}",
        _range([float(row["coverage_body"]) for row in rows]),
        f"{mean(widths):.2f}" if widths else "",
        f"{mean(float(row['correlation']) for row in rows):.2f}",
        f"{mean(float(row['sparsification']) for row in rows):.2f}",
    ]


def _range(shares: list[float]) -> str:
    return f"{mean(shares):.1%} ({min(shares):.0%} to {max(shares):.0%})"


def curves(path: str | os.PathLike[str], rows: Rows, *, overwrite: bool = False) -> None:
    """Write a PNG with a calibration curve per method: of groups of pixels, the error that nine in ten stay below.

    Both axes are in units of each image's true rms error; points are the means over images, honest intervals lie on
    the diagonal.
    """
    figure = Figure(figsize=(INCHES + 1, INCHES + 0.4), layout="constrained")
    axes = figure.add_subplot()
    largest = 0.0
    for method in dict.fromkeys(row["method"] for row in rows):
        chosen = [row for row in rows if row["method"] == method and float(row["true_rms"]) > 0]
        widths, quantiles = (_means(chosen, name) for name in ("half_width", "error_quantile"))
        axes.plot(widths, quantiles, marker="o", markersize=4, linewidth=1.2, label=method)
        largest = max([largest, *(value for value in (*widths, *quantiles) if value == value)])
    axes.plot([0, 1.05 * largest], [0, 1.05 * largest], color="0.6", linewidth=1, linestyle="--", zorder=0)
    axes.set(xlim=(0, 1.05 * largest or 1), ylim=(0, 1.05 * largest or 1))
    axes.set_xlabel("half-width of the interval / rms error", fontsize=9)
    axes.set_ylabel("error that the interval should hold / rms error", fontsize=9)
    images = len({(row["file"], row["slice"], row["frame"], row["pattern"]) for row in rows})
    title = f"{rows[0]['acceleration']}\N{MULTIPLICATION SIGN}, {rows[0]['mask']}, {images} images and patterns"
    axes.set_title(title, fontsize=10, parse_math=False)
    axes.tick_params(labelsize=8)
    axes.grid(color="0.92")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False)
    with atomic(path, overwrite=overwrite) as temporary:
        figure.savefig(temporary, format="png", dpi=150)


def _means(rows: Rows, name: str) -> list[float]:
    """Return the mean over images for each group of pixels; of images too small for groups, nothing is known."""
    names = [f"{name}_{group}" for group in range(1, GROUPS + 1)]
    values = [[float(row[group]) / float(row["true_rms"]) for row in rows] for group in names]
    known = [[value for value in group if value == value] for group in values]
    return [mean(group) if group else float("nan") for group in known]
