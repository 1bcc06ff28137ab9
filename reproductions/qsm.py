"""Susceptibility from a quarter of k-space: compressed sensing and the RIM beside full sampling.

    python reproductions/qsm.py [--size 64] [--acceleration 4] [--sizes 64 96 128]

Every map is made of the same scan of a head whose susceptibility is known, by the stages of `dealias qsm`. The head
lies obliquely and its noise is another one than where constants were chosen.
"""

import argparse

import torch
from matplotlib.figure import Figure

import dealias
from _page import figure, save, table, write
from dealias import sampling
from dealias.operators.dipole import Dipole
from dealias.phantoms.susceptibility import susceptibility
from dealias.susceptibility.echoes import Echoes
from dealias.susceptibility.mask import eroded
from dealias.susceptibility.scan import reconstructed, shared_phase
from dealias.susceptibility.scores import detrended_nrmse, hfen, nrmse, slope, xsim
from dealias.susceptibility.stages import combine, field_of, invert, local_field_of
from dealias.susceptibility.total_variation import total_variation
from dealias.susceptibility.volumes import affine_of

METHODS = {
    "CS, total variation": ("total_variation", True),
    "CS, wavelets": ("wavelet", True),
    "RIM": ("rim", True),
    "CS, total variation, echoes alone": ("total_variation", False),
    "RIM, echoes alone": ("rim", False),
}  # and whether each echo is told the phase that all have together, as `dealias qsm` does
NUCLEI, CALCIFICATION = range(1, 7), 16  # labels of the phantom
OBLIQUE, SEED = (0.94, 0.34, 0.05), 1
SCORES = ["NRMSE %", "in tissue %", "detrended %", "HFEN %", "slope of nuclei", "XSIM"]
WINDOW = 0.15  # ppm to both sides in the picture


class Scanned:
    """A head, the common mask of all comparisons, and the maps that are made of its scan."""

    def __init__(self, size):
        self.head = susceptibility((size,) * 3, direction=OBLIQUE)
        self.scan = self.head.scan(seed=SEED)
        self.first = self.map(self.scan.images)
        inner = eroded(self.first["mask"], 2.01 * max(self.head.voxel_size), self.head.voxel_size)
        self.common = inner & self.head.mask & self.first["local_mask"]
        self.tissue = self.common & ~around(self.head.labels == CALCIFICATION, 3)

    def echoes(self, images):
        """Return images as the stages take them."""
        head, scan = self.head, self.scan
        affine = affine_of(head.chi.shape, head.voxel_size, head.direction)
        return Echoes(images, scan.echo_times, scan.field_strength, head.voxel_size, head.direction, affine)

    def field(self, images, mask=None):
        """Return the field of images (echo, coil, z, y, x), its noise, and the mask of the brain."""
        echoes = self.echoes(images)
        return field_of(*combine(echoes, bipolar=False), echoes, mask)

    def map(self, images, mask=None):
        """Return what every stage makes of images (echo, coil, z, y, x)."""
        field, noise, mask = self.field(images, mask)
        local, inner = local_field_of(field, noise, mask, self.echoes(None), background="v_sharp", radius=12.0)
        chi = self.inverted(local, noise, inner)
        return {"field": field, "noise": noise, "mask": mask, "local": local, "local_mask": inner, "chi": chi}

    def inverted(self, local, noise, mask):
        """Return the map of a local field as the pipeline makes it; without noise all voxels weigh alike."""
        noise = torch.zeros_like(local) if noise is None else noise
        return invert(local, noise, mask, self.echoes(None), inversion="total_variation", regularisation=None)

    def scores(self, chi):
        """Return the scores of a map in the common mask, as words."""
        head, where = self.head, self.common
        nuclei = [(head.labels == k) & where for k in NUCLEI]
        found, truth = (torch.stack([volume[k].mean() for k in nuclei if k.any()]) for volume in (chi, head.chi))
        errors = [100 * score(chi, head.chi, where) for score in (nrmse, detrended_nrmse, hfen)]
        errors.insert(1, 100 * nrmse(chi, head.chi, self.tissue))
        return [f"{e:.1f}" for e in errors] + [f"{slope(found, truth):.2f}", f"{xsim(chi, head.chi, where):.3f}"]

    def phase_error(self, images):
        """Return the root mean square of the echoes' phase error in radians, weighted by magnitude."""
        truth = self.scan.images
        weight = truth.abs() * self.common
        return float((weight * (images * truth.conj()).angle().square()).sum() / weight.sum()) ** 0.5


def stages(scanned):
    """Return a table: the error of the map when stages are replaced by the truth, also as a multiple of the first."""
    head, first = scanned.head, scanned.first
    mask, noise, inner = first["mask"], first["noise"], first["local_mask"]
    echoes = scanned.echoes(None)
    removed, _ = local_field_of(head.field * mask, noise, mask, echoes, background="v_sharp", radius=12.0)
    projected, _ = local_field_of(first["field"], noise, mask, echoes, background="pdf", radius=12.0)
    silent, _, _ = scanned.field(head.scan(snr=1e6).images, mask)
    rows = {
        "the exact local field, in the exact mask": scanned.inverted(head.local_field, None, head.mask),
        "the same, in the mask found": scanned.inverted(head.local_field, None, mask),
        "the same, weighted by the noise found": scanned.inverted(head.local_field, noise, mask),
        "the exact total field, background removed": scanned.inverted(removed, noise, inner),
        "the field of a scan without noise, exact background": scanned.inverted(silent - head.background, noise, mask),
        "the measured field, exact background": scanned.inverted(first["field"] - head.background, noise, mask),
        "the measured field, background removed: the pipeline": first["chi"],
        "the same, background removed by PDF": scanned.inverted(projected, noise, mask),
        "the pipeline, of eight coils": scanned.map(head.scan(coils=8, seed=SEED).images, mask)["chi"],
    }
    scores = {name: scanned.scores(chi) for name, chi in rows.items()}
    start = float(next(iter(scores.values()))[0])
    lines = [[name, *found, f"{float(found[0]) / start:.2f}"] for name, found in scores.items()]
    return table(["the map of", *SCORES, "times the first"], lines)


def around(place, width):
    """Return what lies in a cube of so many voxels around any voxel of a place."""
    return torch.nn.functional.max_pool3d(place[None].float(), width, 1, width // 2)[0] > 0


def misfit(scanned):
    """Return sentences: how wrong the measured field is, where, and what the calcification is of all."""
    head, where, shares = scanned.head, scanned.common, []
    stone = head.labels == CALCIFICATION
    silent, _, _ = scanned.field(head.scan(snr=1e6).images, scanned.first["mask"])
    local = (head.local_field[where] - head.local_field[where].mean()).square().sum()
    for field in (scanned.first["field"], silent):
        wrong = (field - head.field)[where]
        energy = (wrong - wrong.mean()).square()
        shares.append(100 * float((energy.sum() / local).sqrt()))
        near = 100 * float(energy[around(stone, 7)[where]].sum() / energy.sum())
    power = (head.chi[where] - head.chi[where].mean()).square()
    part = 100 * float(power[stone[where]].sum() / power.sum())
    return (
        f"The measured field differs from the mean of the true one over a voxel by {shares[0]:.0f} % of the local "
        f"field's deviation, and by {shares[1]:.0f} % without noise, {near:.0f} % of whose energy lies within three "
        "voxels of the calcification: signals of one voxel turn apart there. That calcification fills "
        f"{int((stone & where).sum())} of {int(where.sum())} voxels and holds {part:.0f} % of the energy of the true "
        "map, hence the column of tissue."
    )


def sizes(counts):
    """Return a table: total variation from the exact local field, by the size of a voxel, in the whole mask."""
    rows = []
    for count in counts:
        head = susceptibility((count,) * 3)
        dipole, mask = Dipole(head.voxel_size, head.direction), head.mask
        alone = Dipole(head.voxel_size, head.direction, doubled=True)
        errors = []
        for field in (head.local_field, alone(head.chi * mask)):
            chi = total_variation(field, dipole, mask.float(), regularisation=1e-4, iterations=60)
            errors.append(f"{100 * nrmse(chi, head.chi, mask):.1f}")
        rows.append([f"{head.voxel_size[0]:.1f}", *errors])
    return table(["voxel, mm", "field of the finer grid", "field of the same grid (an inverse crime)"], rows)


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
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 96, 128], help="of the last table")
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
        "`dealias qsm`; the mask of the brain is that of the full scan. Scores are of what lies two "
        "voxels inside of it, those in tissue farther than a voxel from the calcification, phase errors against the "
        "noisy full scan. Constants were chosen on this head with B0 along z and other noise; here it lies obliquely.",
        table(head_row, rows),
        figure("qsm", "Susceptibility from -0.15 to 0.15 ppm, and the error of each map"),
        "## Which stage costs what\n\nThe same inversion, of fields that are more and more those of a scan.",
        stages(scanned),
        misfit(scanned),
        "## What limits the inversion\n\nTotal variation (lambda 1e-4) from the exact local field, in the whole exact "
        "mask; NRMSE in per cent. Voxels as wide as the cortex are mixtures: the coarser the grid, the less is it "
        "piecewise constant, and the less is the mean of a field over a voxel the field of its mean.",
        sizes(options.sizes),
    ]
    write("qsm", "Susceptibility from accelerated echoes", parts)


if __name__ == "__main__":
    main()
