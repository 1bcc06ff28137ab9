"""What the error of a susceptibility map comes from: each stage of `dealias qsm` replaced by the truth.

    python reproductions/qsm_stages.py [--size 64] [--sizes 64 96 128]

Size 64 is 3.1 mm.
"""

import argparse

from _page import table, write
from _scanned_head import ABOUT, CALCIFICATION, SCORES, SEED, Scanned, around
from dealias.operators.dipole import Dipole
from dealias.phantoms.susceptibility import susceptibility
from dealias.susceptibility.scores import nrmse
from dealias.susceptibility.stages import local_field_of
from dealias.susceptibility.total_variation import total_variation


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
        "the local field of the scan's k-space, likewise": scanned.inverted(
            head.sampled_local_field(), None, head.mask
        ),
        "the exact local field, in the mask found": scanned.inverted(head.local_field, None, mask),
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
    """Return a table: total variation from exact local fields, by the size of a voxel, in the whole mask."""
    rows = []
    for count in counts:
        errors = []
        for b0 in ((1.0, 0.0, 0.0), (0.8, 0.5, 0.33)):
            head = susceptibility((count,) * 3, direction=b0)
            alone = Dipole(head.voxel_size, head.direction, doubled=True)
            cases = [(head.local_field, 60), (head.sampled_local_field(), 60), (alone(head.chi * head.mask), 60)]
            cases += [(head.local_field, 200)] if b0[0] == 1 else []
            errors += [_error(head, *case) for case in cases]
        rows.append([f"{head.voxel_size[0]:.1f}", *(f"{e:.1f}" for e in errors)])
    kinds = ["mean over a voxel", "of a scan's k-space", "of the same grid"]
    names = [*(f"B0 along z: {kind}" for kind in kinds), "mean, 200 iterations"]
    return table(["voxel, mm", *names, *(f"oblique: {kind}" for kind in kinds)], rows)


def _error(head, field, iterations):
    """Return the NRMSE in per cent of total variation from a field."""
    dipole, mask = Dipole(head.voxel_size, head.direction), head.mask
    chi = total_variation(field, dipole, mask.float(), regularisation=1e-4, iterations=iterations)
    return 100 * nrmse(chi, head.chi, mask)


def main():
    """Replace stages, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=64, help="voxels along each axis")
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 96, 128], help="of the last table")
    options = parser.parse_args()
    scanned = Scanned(options.size)
    parts = [
        f"A head of known susceptibility, {scanned.head.voxel_size[0]:.1f} mm voxels, 7 T, six echoes of full k-space, "
        "SNR 100, simulated on a grid twice as fine. The same inversion, of fields that are more and more those of a "
        f"scan. {ABOUT}",
        stages(scanned),
        misfit(scanned),
        "## What limits the inversion\n\nTotal variation (lambda 1e-4, 60 iterations) from exact local fields, in the "
        "whole exact mask; NRMSE in per cent. Voxels as wide as the cortex are mixtures: the coarser the grid, the "
        "less is it piecewise constant, and the less is the mean of a field over a voxel the field of its mean. Where "
        "B0 lies obliquely, (0.8, 0.5, 0.33), what the mean folds back has the wrong sign; k-space of a scan folds "
        "nothing back. The field that the same grid makes is an inverse crime.",
        sizes(options.sizes),
    ]
    write("qsm_stages", "What the error of a susceptibility map comes from", parts)


if __name__ == "__main__":
    main()
