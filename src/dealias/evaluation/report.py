"""What a table of scores says: means with their deviations, gains over the first method, and box plots."""

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, stdev

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from dealias.files.atomic import atomic

Rows = Sequence[Mapping[str, str]]
SHOWN = {"psnr": "PSNR / dB", "ssim": "SSIM", "nmse": "NMSE", "hfen": "HFEN", "complex_psnr": "complex PSNR / dB"}
DRAWN = ("psnr", "ssim", "nmse", "hfen")
SAME = ("file", "slice", "frame", "mask", "acceleration", "pattern")
DIGITS = {"psnr": 2, "complex_psnr": 2, "ssim": 4, "hfen": 3}
INCHES = 3.2


def summary(rows: Rows, width: int | None = None) -> list[str]:
    """Return the lines of a Markdown table: mean and standard deviation per mask, acceleration and method.

    The gain is in PSNR over the first method on the same data: paired, so that its deviation is that of the
    differences and not that of the images.

    Arguments:
        width: of a terminal; scores are left out from the last one until a line fits.
    """
    shown = list(SHOWN)
    lines = _summary(rows, shown)
    while width is not None and len(lines[0]) > width and len(shown) > 1:
        shown.pop()
        lines = _summary(rows, shown)
    return lines


def _summary(rows: Rows, shown: Sequence[str]) -> list[str]:
    methods = _distinct(rows, "method")
    gains_over = f"gain over {methods[0]} / dB"
    titles = ["mask", "R", "method", "images", *(SHOWN[name] for name in shown), gains_over, "seconds"]
    table = [titles, [":--"] + ["--:"] + [":--"] + ["--:"] * (len(titles) - 3)]
    for (mask, acceleration), group in by_acceleration(rows).items():
        first = {_place(row): float(row["psnr"]) for row in group if row["method"] == methods[0]}
        for method in methods:
            chosen = [row for row in group if row["method"] == method]
            if not chosen:
                continue
            gains = [float(row["psnr"]) - first[_place(row)] for row in chosen if _place(row) in first]
            cells = [_spread([float(row[name]) for row in chosen], DIGITS.get(name)) for name in shown]
            seconds = mean(float(row["seconds"]) for row in chosen)
            gain = "" if method == methods[0] else _spread(gains, 2, sign="+")
            table.append([mask, acceleration, method, str(len(chosen)), *cells, gain, f"{seconds:.3g}"])
    widths = [max(len(line[column]) for line in table) for column in range(len(titles))]
    return [_line(line, widths) for line in table]


def boxes(path: str | os.PathLike[str], rows: Rows, *, overwrite: bool = False) -> None:
    """Write a PNG with one box per method for each of PSNR, SSIM, NMSE and HFEN, of one mask and acceleration.

    Boxes reach from the first to the third quartile, whiskers to the last value within 1.5 times that range;
    the line is the median, the diamond the mean, and dots are the values beyond.
    """
    methods = _distinct(rows, "method")
    first = rows[0]
    tall = 1.3 + max(0.33 * len(methods), 1.2)
    figure = Figure(figsize=(len(DRAWN) * INCHES, tall), layout="constrained")
    images = len({_place(row) for row in rows})
    title = f"{first['acceleration']}\N{MULTIPLICATION SIGN}, {first['mask']}, {images} images and patterns"
    figure.suptitle(title, fontsize=11, parse_math=False)
    for place, name in enumerate(DRAWN, start=1):
        axes = figure.add_subplot(1, len(DRAWN), place)
        values = [_finite(float(row[name]) for row in rows if row["method"] == method) for method in methods]
        axes.boxplot(
            values,
            orientation="horizontal",
            widths=0.6,
            showmeans=True,
            medianprops={"color": "C1", "linewidth": 1.5},
            meanprops={"marker": "D", "markersize": 3.5, "markerfacecolor": "C0", "markeredgecolor": "C0"},
            flierprops={"marker": ".", "markersize": 3, "markeredgecolor": "0.5"},
        )
        if name == "nmse" and all(value > 0 for part in values for value in part):
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_yticks(range(1, len(methods) + 1), methods if place == 1 else [""] * len(methods), parse_math=False)
        axes.invert_yaxis()  # the first method above
        axes.set_title(SHOWN[name], fontsize=9)
        axes.tick_params(labelsize=8)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color="0.9")
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "left"]].set_visible(False)
    with atomic(path, overwrite=overwrite) as temporary:
        figure.savefig(temporary, format="png", dpi=150)


def by_acceleration(rows: Rows) -> dict[tuple[str, str], Rows]:
    """Return the rows of each mask and acceleration, ascending."""
    keys = {(row["mask"], row["acceleration"]) for row in rows}
    chosen = sorted(keys, key=lambda pair: (pair[0], float(pair[1])))
    return {pair: [row for row in rows if (row["mask"], row["acceleration"]) == pair] for pair in chosen}


def _distinct(rows: Rows, name: str) -> list[str]:
    return list(dict.fromkeys(row[name] for row in rows))


def _place(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in SAME)


def _finite(values: Iterable[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _spread(values: Sequence[float], digits: int | None, sign: str = "") -> str:
    """Return "mean ± standard deviation"; one value has no deviation, nor has the infinite PSNR of perfect images."""
    middle = mean(values) if values else math.nan
    if not math.isfinite(middle):
        return f"{middle:{sign}g}"
    shown = f"{middle:{sign}.3g}" if digits is None else f"{middle:{sign}z.{digits}f}"
    if len(values) < 2:
        return shown
    return f"{shown} ± {stdev(values):{'.2g' if digits is None else f'.{digits}f'}}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    if set("".join(cells)) <= {"-", ":"}:
        return "| " + " | ".join(c[0] + "-" * (w - 2) + c[-1] for c, w in zip(cells, widths, strict=True)) + " |"
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"
