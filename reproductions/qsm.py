"""Susceptibility from a quarter of k-space: compressed sensing and the RIM beside full sampling.

    python reproductions/qsm.py [--size 64] [--acceleration 4]

Every map is made of the same scan of a head whose susceptibility is known, by the stages of `dealias qsm`.
"""

import argparse

import torch
from matplotlib.figure import Figure

import dealias
from _page import figure, save, table, write
from _scanned_head import ABOUT, SCORES, Scanned
from dealias import sampling
from dealias.susceptibility.scan import reconstructed, shared_phase

METHODS = {
    "CS, total variation": ("total_variation", True),
    "CS, wavelets": ("wavelet", True),
    "RIM": ("rim", True),
    "CS, total variation, echoes alone": ("total_variation", False),
    "RIM, echoes alone": ("rim", False),
}  # and whether each echo is told the phase that all have together, as `dealias qsm` does
WINDOW = 0.15  # ppm to both sides in the picture


def picture(scanned, maps):
    """Draw the middle slice of each map, and its error below."""
    head, level = scanned.head, scanned.head.chi.shape[0] // 2 + 2
    sheet = Figure(figsize=(2 * len(maps) + 2, 4.4), layout="constrained")
    axes = sheet.subplots(2, len(maps) + 1)
    truth = torch.where(scanned.common, head.chi - head.chi[scanned.common].mean(), 0)
    looks = {"cmap": "gray", "vmin": -WINDOW, "vmax": WINDOW}
    for number, (name, chi) in enumerate([("truth", head.chi), *maps.items()]):
        shown = torch.where(scanned.common, chi - chi[scanned.common].mean(), 0)
        axes[0, number].imshow(shown[level], **looks)
        axes[0, number].set_title(name, fontsize=9)
        axes[1, number].imshow((shown - truth)[level], **looks)
    for axis in axes.flat:
        axis.set_axis_off()
    save("qsm", sheet)


def main():
    """Make every map, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=64, help="voxels along each axis")
    parser.add_argument("--acceleration", type=float, default=4.0)
    options = parser.parse_args()
    scanned = Scanned(options.size)
    kspace, shape = scanned.scan.kspace, (options.size, options.size)
    generator = torch.Generator().manual_seed(0)
    mask = torch.stack([sampling.gaussian(shape, options.acceleration, generator=generator) for _ in kspace])
    sampled = kspace * mask[:, None, :, :, None]
    maps, rows = {"fully sampled": scanned.first["chi"]}, []
    rows.append(["fully sampled", "0", *scanned.scores(maps["fully sampled"])])
    phase = shared_phase(sampled, scanned.scan.echo_times)
    for name, (method, shared) in METHODS.items():
        images = reconstructed(sampled, dealias.load(method), phase if shared else None)
        maps[name] = scanned.map(images, scanned.first["mask"])["chi"]
        rows.append([name, f"{scanned.phase_error(images):.3f}", *scanned.scores(maps[name])])
    picture(scanned, maps)
    head_row = ["echoes by", "phase error, rad", *SCORES]
    voxel = scanned.head.voxel_size[0]
    parts = [
        f"A head of known susceptibility, {voxel:.1f} mm voxels, 7 T, six echoes, one coil, SNR 100, simulated on a "
        f"grid twice as fine. {options.acceleration:g} times fewer points of (z, y), other ones for each echo. "
        "The phase that all echoes have together is told to each, unless they are alone. The maps are those of "
        f"`dealias qsm`; the mask of the brain is that of the full scan. {ABOUT} Phase errors are against the noisy "
        "full scan.",
        table(head_row, rows),
        figure("qsm", "Susceptibility from -0.15 to 0.15 ppm, and the error of each map"),
        "[What the errors come from](qsm_stages.md), stage by stage.",
    ]
    write("qsm", "Susceptibility from accelerated echoes", parts)


if __name__ == "__main__":
    main()
