"""How well susceptibility is found from the local field: by division, ridge, total variation and the network.

    python benchmarks/inversions.py [--sizes 48 64] [--network rim] [--others 2]

The NRMSE in per cent: of the exact local field in the exact mask; and of what the stages of `dealias qsm` make of six
echoes (7 T, SNR 100), two voxels inside the mask that they find. Of the head that constants were chosen on, of others,
and of tubes, rings and shells, a family that no training knows.
"""

import argparse
import math
import warnings

import torch

import dealias
from dealias.errors import Note
from dealias.operators.dipole import Dipole
from dealias.phantoms._head_volume import AIR, BLOOD, FLUID, GREY, NIGRA, PALLIDUM, THALAMUS, WHITE
from dealias.phantoms._shapes import Canvas
from dealias.phantoms.susceptibility import CHI, of_labels, susceptibility
from dealias.susceptibility.division import ridge_division, thresholded_division
from dealias.susceptibility.echoes import Echoes
from dealias.susceptibility.learned import network
from dealias.susceptibility.mask import eroded
from dealias.susceptibility.problem import Susceptibility
from dealias.susceptibility.scores import nrmse
from dealias.susceptibility.stages import combine, field_of, invert, local_field_of
from dealias.susceptibility.total_variation import total_variation
from dealias.susceptibility.volumes import affine_of

INVERSIONS = ("division", "ridge", "total_variation")
SEED = 201  # of the first other head; validation has 101 to 103
RADIUS, REACH = 62.0, 75.0  # millimetres, of the ball that holds tubes, rings and shells, and to the edge of the volume


def rings(size, direction, seed):
    """Return a ball with tubes that wind, rings and hollow shells in it, air around."""
    voxel = 2 * REACH / size
    axis = (torch.arange(2 * size) - size + 0.5) * voxel / 2
    labels = torch.full((2 * size,) * 3, AIR, dtype=torch.uint8)
    canvas = Canvas(labels, (axis, axis, axis))
    z, y, x = canvas.grid()
    brain = (z.square() + y.square() + x.square()).sqrt() < RADIUS
    labels[brain] = WHITE
    generator = torch.Generator().manual_seed(seed)
    tissues = (PALLIDUM, NIGRA, THALAMUS, GREY, FLUID, BLOOD)
    for number in range(36):
        tissue = tissues[number % len(tissues)]
        centre = (0.6 * RADIUS * (2 * torch.rand(3, generator=generator) - 1)).tolist()
        large, thick, turn = torch.rand(3, generator=generator).tolist()
        large, thick = 6 + 14 * large, 1.2 + 2.5 * thick
        a, b, c = (p - q for p, q in zip((z, y, x), centre, strict=True))
        far = (a.square() + b.square() + c.square()).sqrt()
        if number % 3 == 0:
            part = (far - large).abs() < thick
        elif number % 3 == 1:
            lean = math.cos(3 * turn) * a + math.sin(3 * turn) * b
            round_it = (far.square() - lean.square()).clamp_min(0).sqrt() - large
            part = round_it.square() + lean.square() < thick**2
        else:
            angles, half = torch.linspace(-5, 5, 14).tolist(), large / 2
            bends = [(t * half / 2, half * math.cos(t + 6 * turn), half * math.sin(t)) for t in angles]
            knots = [(centre[0] + p, centre[1] + q, centre[2] + r, thick) for p, q, r in bends]
            canvas.tube(tissue, knots)
            continue
        labels[part & brain] = tissue
    labels[~brain] = AIR
    return of_labels(labels, brain, torch.tensor([0.0, *CHI]), (voxel,) * 3, direction)


def from_the_exact_field(head, learned):
    """Return the NRMSE of each inversion of the exact local field."""
    dipole, mask = Dipole(head.voxel_size, head.direction), head.mask
    field = head.local_field * mask
    problem = Susceptibility.of(field, mask, None, head.voxel_size, head.direction)
    maps = [
        thresholded_division(field, dipole),
        ridge_division(field, dipole),
        total_variation(field, dipole, mask.float(), regularisation=1e-4, iterations=60),
        dealias.reconstruct(learned, problem),
    ]
    return [100 * nrmse(chi, head.chi, mask) for chi in maps]


def from_a_scan(head, learned):
    """Return the NRMSE of each inversion of the field that the stages make of a scan."""
    scan = head.scan()
    affine = affine_of(head.chi.shape, head.voxel_size, head.direction)
    echoes = Echoes(scan.images, scan.echo_times, scan.field_strength, head.voxel_size, head.direction, affine)
    field, noise, mask = field_of(*combine(echoes, bipolar=False), echoes, None)
    local, known = local_field_of(field, noise, mask, echoes, background="v_sharp", radius=12.0)
    common = eroded(mask, 2.01 * max(head.voxel_size), head.voxel_size) & head.mask & known
    maps = [invert(local, noise, known, echoes, inversion=name, regularisation=None) for name in INVERSIONS]
    maps.append(invert(local, noise, known, echoes, inversion=learned, regularisation=None))
    return [100 * nrmse(chi, head.chi, common) for chi in maps]


def bodies(size, others):
    """Yield the name of each phantom, and those that it is the mean of."""
    yield "the head", [susceptibility((size,) * 3)]
    yield "other heads", [susceptibility((size,) * 3, seed=SEED + k) for k in range(others)]
    yield "one of them, B0 oblique", [susceptibility((size,) * 3, seed=SEED, direction=(0.8, 0.5, 0.33))]
    flat = (size // 2, size, size)
    voxel = tuple(2.1 * 94 / n for n in flat)
    yield "one of them, flat voxels", [susceptibility(flat, voxel_size=voxel, seed=SEED)]
    yield "tubes, rings, shells", [rings(size, (1.0, 0.0, 0.0), SEED + k) for k in range(others)]


def main():
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[48, 64], help="voxels along each axis")
    parser.add_argument("--network", default="rim", help="what --inversion takes")
    parser.add_argument("--others", type=int, default=2, help="how many other heads, and heaps of tubes")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    learned = network(options.network, [*INVERSIONS])
    print(f"| field | phantom | size | TKD | ridge | total variation | network |\n{'|---' * 7}|", flush=True)
    for size in options.sizes:
        for name, heads in bodies(size, options.others):
            for field, errors_of in (("exact", from_the_exact_field), ("of a scan", from_a_scan)):
                errors = torch.tensor([errors_of(head, learned) for head in heads]).mean(0).tolist()
                print(f"| {field} | {name} | {size} | {' | '.join(f'{e:.1f}' for e in errors)} |", flush=True)


if __name__ == "__main__":
    main()
