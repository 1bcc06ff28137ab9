"""The problem and its solutions in pictures: what undersampling does, masks, a training pair, reconstructions.

    python reproductions/panels.py [--weights rim] [--real]

The committed pictures show simulated heads; with --real those of a brain go to out/, which git ignores. Figs. 5 to 8 of
the RIM paper are here one picture: what was given, compressed sensing, the U-Net and RIMs at 2x to 5x, SSIM under each.
The paper has networks of two trainings there; those of the weights that are shipped are in `generalisation.py`.
"""

import argparse
from pathlib import Path

import torch
from matplotlib.figure import Figure

import dealias
from _data import held_back, scans, sources
from _page import PAGES, figure, smaller, write
from _pictures import compared, described, known
from dealias.evaluation.figures import panels
from dealias.files.images import images as read
from dealias.phantoms import head
from dealias.training.simulate import Simulation

DECADES = 4  # of k-space that are shown
PHASE = {"cmap": "twilight", "vmin": -torch.pi, "vmax": torch.pi}


def row(path, pictures, **looks):
    """Draw pictures by name side by side, grey from 0 to 1 unless `looks` has others for those whose name ends so."""
    sheet = Figure(figsize=(2 * len(pictures), 2.25), layout="constrained")
    for axis, (name, picture) in zip(sheet.subplots(1, len(pictures)), pictures.items(), strict=True):
        grey = {"cmap": "gray", "vmin": 0, "vmax": 1}
        axis.imshow(picture, **looks.get(name.split()[-1], grey))
        axis.set_title(name, fontsize=9)
        axis.set_axis_off()
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.savefig(path, dpi=110)


def decades(kspace):
    """Return the logarithm of magnitudes, from 0 at four decades below the largest to 1."""
    size = kspace.abs() / kspace.abs().max()
    return (1 + size.log10() / DECADES).clamp(0, 1)


def problem(path, image):
    """Draw the problem in four pictures, at 4x."""
    ((full, _),), ((fast, _),) = scans([image], 1.0), scans([image], 4.0)
    row(
        path,
        {
            "image": image.abs(),
            "its k-space": decades(full.centred_kspace[0]),
            "a quarter of it": decades(fast.centred_kspace[0]),
            "aliased image": fast.zero_filled.abs(),
        },
    )


def masks(path, image):
    """Draw a mask for each acceleration."""
    row(path, {f"{r}x": scans([image], r)[0][0].centred_mask[0].float() for r in range(2, 7)})


def training_pair(path, images):
    """Draw what a network is given in training, and what it should make of it."""
    generator = torch.Generator().manual_seed(7)
    simulation = Simulation(images, crop=(96, 96), image_noise=0.0, band=0.0, coils=0.0, lines=0.0)
    example = simulation.examples(simulation.size(generator), generator)
    scan, target = example.problem, example.truth
    given, wanted, top = scan.zero_filled[0], target[0], target.abs().max()
    row(
        path,
        {
            "given: magnitude": given.abs() / top,
            "given: phase": given.angle(),
            f"mask, {scan.acceleration:.1f}x": scan.centred_mask[0, 0].float(),
            "wanted: magnitude": wanted.abs() / top,
            "wanted: phase": wanted.angle(),
        },
        phase=PHASE,
    )


def reconstructed(image, accelerations, methods):
    """Return reconstructions by name, and the mask of the last."""
    found = {}
    for acceleration in accelerations:
        ((scan, _),) = scans([image], acceleration)
        for name, method in methods.items():
            found[f"{name}, {acceleration:g}x"] = dealias.reconstruct(method, scan)
    return found, scan.centred_mask[0]


def similarity(path, image, weights):
    """Draw the target and what each method makes of it at 2x to 5x."""
    names = {
        "zero-filled": "zero_filled",
        "CS": "wavelet",
        "U-Net": "unet",
        "RIM": weights,
        "complex RIM": "complex_rim",
    }
    methods, rows = known(names), {}
    for acceleration in (2, 3, 4, 5):
        ((scan, _),) = scans([image], acceleration)
        rows[f"{acceleration}x"] = {name: dealias.reconstruct(method, scan) for name, method in methods.items()}
    compared(path, rows, image)


def main():
    """Draw everything, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="rim")
    parser.add_argument("--real", action="store_true", help="a held-back brain instead, into out/")
    options = parser.parse_args()
    folder = Path("out") if options.real else PAGES
    image = held_back(3)[1] if options.real else head((192, 192), seed=77)
    whole = image if options.real else head((320, 320), seed=77)
    image, whole = (x / x.abs().max() for x in (image, whole))
    learned = read(sources("siat_brain_train")[0])[75:76] if options.real else [head((192, 192), seed=5)]
    problem(folder / "panels_problem.png", image)
    masks(folder / "panels_masks.png", image)
    training_pair(folder / "panels_training_pair.png", learned)
    rim, both = {"RIM": options.weights}, {"CS": "wavelet", "RIM": options.weights}
    for name, shown, accelerations, methods, masked in (
        ("accelerations", image, (2, 3, 4, 5), rim, False),
        ("against_cs", image, (4, 6), both, False),
        ("whole_head", whole, (4,), {"zero-filled": "zero_filled", **both}, True),
    ):
        found, mask = reconstructed(shown, accelerations, methods)
        path = folder / f"panels_{name}.png"
        panels(path, found, shown, mask if masked else None, overwrite=True)
        smaller(path)
    similarity(folder / "panels_similarity.png", image, options.weights)
    if options.real:
        return
    parts = [
        f"Simulated heads, 2D Gaussian masks, noise 0.001 of the maximum; the RIM is `{options.weights}`, compressed "
        "sensing our wavelets with a regularisation found by itself. The same of a brain: `--real`, into `out/`.",
        f"The problem. K-space in {DECADES} decades.",
        figure("panels_problem", "image, k-space, a quarter of it, aliased image"),
        "Masks.",
        figure("panels_masks", "masks at 2x to 6x"),
        "A training pair: a crop, turned by a random smooth phase, and what a scan of it at this acceleration gives.",
        figure("panels_training_pair", "given and wanted"),
        "The RIM at 2x to 5x; it learned from 1.5x to 5.2x.",
        figure("panels_accelerations", "RIM at 2x to 5x with errors"),
        "Compressed sensing against the RIM, also beyond what it learned.",
        figure("panels_against_cs", "CS and RIM at 4x and 6x with errors"),
        "A whole head, 320 x 320, at 4x.",
        figure("panels_whole_head", "zero-filled, CS and RIM at 4x with errors"),
        "As Figs. 5 to 8 of the RIM paper: the target, what was given and what each method makes of it, with SSIM "
        "(Gaussian window of 11 x 11) under each. The networks are those that are shipped, not trained alike: "
        f"{described('unet', options.weights, 'complex_rim')}. The U-Net has instance norm, which the paper's has not.",
        figure("panels_similarity", "target, zero-filled, CS, U-Net, RIM and complex RIM at 2x to 5x with SSIM"),
    ]
    write("panels", "The problem and its solutions, in pictures", parts)


if __name__ == "__main__":
    main()
