"""The reconstruction after every step at 3x, T = 10, and what the hidden states hold: a strip and an animation.

    python reproductions/steps.py [--weights rim] [--real]

The committed strip shows a simulated head; with --real a brain goes to out/, which git ignores.
"""

import argparse
from pathlib import Path

import torch
from matplotlib.figure import Figure
from PIL import Image

import dealias
from _data import held_back, scans
from _page import PAGES, figure, table, write
from dealias.evaluation.metrics import psnr, ssim
from dealias.phantoms import head

ACCELERATION, STEPS, ERROR = 3.0, 10, 10.0


def followed(method, scan):
    """Return every estimate, and the magnitude of both hidden states averaged over features, (step, 2, y, x)."""
    states = []
    hooks = [
        unit.register_forward_hook(lambda _, given, state: states.append(state.abs().mean(1)[0]))
        for unit in method.units
    ]
    estimates = list(dealias.iterate(method, scan, iterations=STEPS))
    for hook in hooks:
        hook.remove()
    return estimates, torch.stack(states).unflatten(0, (STEPS, 2))


def strip(path, estimates, states, image):
    """Draw one column per step: estimate, error, both hidden states."""
    rows, columns = image.shape
    sheet = Figure(figsize=(1.3 * STEPS, 1.3 * 4 * rows / columns), layout="constrained")
    axes = sheet.subplots(4, STEPS)
    shown = [axes[0], axes[1], axes[2], axes[3]]
    for step, x in enumerate(estimates):
        error = ERROR * (x.abs() - image.abs()).abs()
        for axis, picture, top in zip(
            (row[step] for row in shown),
            (x.abs(), error, states[step, 0], states[step, 1]),
            (1.0, 1.0, float(states[:, 0].max()), float(states[:, 1].max())),
            strict=True,
        ):
            axis.imshow(picture, cmap="gray", vmin=0, vmax=top)
            axis.set_axis_off()
        axes[0][step].set_title(f"{step + 1}", fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.savefig(path, dpi=80)


def animation(path, estimates, image):
    """Write estimate, target and error side by side, one frame per step."""
    frames = []
    for x in estimates:
        parts = (x.abs(), image.abs(), ERROR * (x.abs() - image.abs()).abs())
        frames.append(Image.fromarray((torch.cat(parts, 1).clamp(0, 1) * 255).to(torch.uint8).numpy()))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=500, loop=0)


def main():
    """Write the page, its strip and its animation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="rim")
    parser.add_argument("--real", action="store_true", help="a held-back brain instead, into out/")
    options = parser.parse_args()
    image = held_back(3)[1] if options.real else head((192, 192), seed=77)
    folder = Path("out") if options.real else PAGES
    ((scan, image),) = scans([image], ACCELERATION)
    estimates, states = followed(dealias.load(options.weights), scan)
    strip(folder / "steps.png", estimates, states, image)
    animation(folder / "steps.gif", estimates, image)
    cells = [[step + 1, f"{psnr(x, image):.2f}", f"{ssim(x, image):.4f}"] for step, x in enumerate(estimates)]
    text = (
        f"A {'brain' if options.real else 'simulated head'} at {ACCELERATION:g}x through `{options.weights}` with "
        f"{STEPS} steps; it was trained with eight. Above: the estimate after each step, ten times "
        "its error, and the magnitude of the first and the second hidden state averaged over features."
    )
    if not options.real:
        write(
            "steps",
            "One step after the other",
            [text, figure("steps", "every step"), table(["step", "PSNR", "SSIM"], cells)],
        )


if __name__ == "__main__":
    main()
