"""What several pages show of shipped networks: their images beside the target, SSIM below; how long they learned."""

from contextlib import suppress

from matplotlib.figure import Figure

import dealias
from _page import smaller
from dealias import cards
from dealias.evaluation.metrics import ssim


def known(methods):
    """Return methods by their name, from names that `dealias.load` knows; none where there are no weights yet."""
    found = {}
    for name, method in methods.items():
        with suppress(dealias.UserError):
            found[name] = dealias.load(method)
    return found


def compared(path, rows, target):
    """Draw the target and what each method made of it, a row for each scan, with the SSIM of a Gaussian window below.

    Arguments:
        rows: images (y, x) by the name of the method, by the name of the scan.
        target: (y, x), of maximum one.
    """
    columns = 1 + max(map(len, rows.values()))
    height = 1.9 * target.shape[0] / target.shape[1] + 0.2
    sheet = Figure(figsize=(1.9 * columns, height * len(rows)), layout="constrained")
    for (scan, images), axes in zip(rows.items(), sheet.subplots(len(rows), columns, squeeze=False), strict=True):
        titles = ["target", *(f"{name}, {scan}" for name in images)]
        for axis, title, image in zip(axes, titles, (target, *images.values()), strict=False):
            axis.imshow(image.abs(), cmap="gray", vmin=0, vmax=1)
            axis.set_title(title, fontsize=9)
            axis.set_axis_off()
            score = "" if image is target else f"{float(ssim(image, target, 'gaussian')):.3f}"
            axis.text(0.5, -0.02, score, fontsize=9, ha="center", va="top", transform=axis.transAxes)
    sheet.savefig(path, dpi=110)
    smaller(path)


def described(*names):
    """Return in words how long each of some weights learned, all their trainings together."""
    words = []
    for name in names:
        path = cards.path_of(name)
        if path is None:
            words.append(f"{name} has no weights yet")
            continue
        card = cards.read(path)
        parts = [*card.get("before", []), card]
        updates, hours = (sum(part.get(key) or 0 for part in parts) for key in ("updates", "hours"))
        words.append(f"{name} had {updates:,} updates in {hours:.1f} hours of a core")
    return ", ".join(words)
