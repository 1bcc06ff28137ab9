"""How far a training is: a bar in time where a time was given, in updates otherwise; and its curve as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from dealias.files.atomic import atomic


class Progress:
    """One bar on stderr, with the number of updates, their loss, and the score of the last validation.

    Arguments:
        updates: how many there are at the most.
        seconds: how long they last at the most; None is as long as they need.
        hidden: whether another process shows the bar.
    """

    def __init__(self, updates: int, seconds: float | None, hidden: bool = False) -> None:
        total, unit = (updates, "update") if seconds is None else (round(seconds), "s")
        form = None if seconds is None else "{l_bar}{bar}| {n_fmt}/{total_fmt} s{postfix}"
        self.seconds = seconds
        self.bar = tqdm(
            desc="training", total=total, unit=unit, disable=hidden, bar_format=form, dynamic_ncols=True, smoothing=0.05
        )

    def move(self, updates: int, spent: float, values: Mapping[str, Any]) -> None:
        """Show so many updates and seconds, and of the values those of `loss` and of a score."""
        known = [f"{name}={float(values[name]):.2f}" for name in ("loss", "psnr", "snr", "merit") if name in values]
        self.bar.set_postfix_str(", ".join([f"updates={updates}", *known]), refresh=False)
        done = updates if self.seconds is None else min(round(spent), round(self.seconds))
        self.bar.update(done - self.bar.n)

    def say(self, what: str) -> None:
        """Say what goes on, such as `validating`."""
        self.bar.set_description(what)

    def close(self) -> None:
        """Leave the bar as it is."""
        self.bar.close()


def draw_curve(path: Path, scores: Sequence[tuple[int, float]], label: str) -> None:
    """Write a PNG of the validation's score, called `label`, against the updates, if any was validated."""
    from matplotlib.figure import Figure

    if not scores:
        return
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(*zip(*scores, strict=True), marker="o", markersize=3)
    axes.set(xlabel="updates", ylabel=label, title="Training")
    axes.grid(alpha=0.3)
    with atomic(path, overwrite=True) as temporary:
        figure.savefig(temporary, format="png", dpi=150)
