"""CG-SENSE, wavelets and total variation on eight coils: this package, `bart pics` and SigPy at the same lambda.

    python benchmarks/many_coils.py [--data FILE] [--slice N] [--acceleration R]

All minimise 1/2 ||A x - y||^2 + lambda R(x) of the same normalised k-space (largest |A^H y| one; `bart pics -w 1`
leaves it so) from the same maps in 40 iterations; objectives are evaluated here, on everyone's image, in double
precision. R is

- CG-SENSE: 1/2 ||x||^2 for all three.
- total variation: of ours and of BART isotropic; SigPy's is anisotropic: beside it stands our anisotropic one.
- wavelets: three transforms. Ours is the mean over cyclic shifts of eight-tap coefficients on 3 levels, since the
  shifts are random; BART's likewise of four-tap ones on as many levels as go; SigPy's is a redundant transform
  (zero-padded ends), whose minimum is not ours. The note gives our functional of everyone's image, BART's of ours
  and of its own, and the PSNR. Our lambda falls to its value over two thirds of the iterations.

BART is timed without its start-up: the time of 40 iterations less that of one, times 40/39. The floor is the FFTs
of all coils, there and back, in every iteration.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pywt
import sigpy.mri.app
import torch

from _row import Row, medians, show
from dealias.acquisition import Acquisition
from dealias.coils import simulate
from dealias.evaluation.metrics import psnr
from dealias.methods.sense import Sense
from dealias.methods.total_variation import TotalVariation
from dealias.methods.wavelet import Wavelet
from dealias.operators.finite_difference import FiniteDifference
from dealias.sampling import gaussian
from wavelet_against_bart import slice_of

SIZE, ITERATIONS = 256, 40


def energy(x):
    """Return half the squared norm."""
    return float(x.abs().square().sum()) / 2


def isotropic(x):
    """Return the total variation."""
    return float(FiniteDifference()(x).abs().square().sum(-3).sqrt().sum())


def anisotropic(x):
    """Return the total variation of both axes by themselves."""
    return float(FiniteDifference()(x).abs().sum())


def shifted(name, levels):
    """Return the mean over some cyclic shifts of the l1 norm of the coefficients of a wavelet of PyWavelets."""

    def norm(x):
        shifts, sums = np.random.default_rng(0).integers(0, 16, (8, 2)).tolist(), []
        for shift in shifts:
            coarse, *details = pywt.wavedec2(x.roll(shift, (-2, -1)).numpy(), name, "periodization", levels)
            sums.append(sum(np.abs(part).sum() for part in [coarse, *(part for level in details for part in level)]))
        return float(np.mean(sums))

    return norm


@dataclass
class Case:
    """One method of all three packages.

    Arguments:
        strength: lambda.
        methods: ours, by what they are compared with.
        bart: its options.
        sigpy: its app.
        penalties: R of ours, of BART and of SigPy; None where that is another functional.
    """

    name: str
    strength: float
    methods: dict[str, object]
    bart: str
    sigpy: Callable
    penalties: dict[str, Callable]


CASES = [
    Case(
        "CG-SENSE",
        0.01,
        {"bart": Sense(ITERATIONS, 0.01), "sigpy": Sense(ITERATIONS, 0.01)},
        "-l2 -r 0.01",
        sigpy.mri.app.SenseRecon,
        {"bart": energy, "sigpy": energy},
    ),
    Case(
        "wavelets",
        0.003,
        {"bart": Wavelet(ITERATIONS, 0.003), "sigpy": Wavelet(ITERATIONS, 0.003)},
        "-R W:3:0:0.003",
        sigpy.mri.app.L1WaveletRecon,
        {"bart": shifted("db4", 3), "sigpy": shifted("db4", 3), "bart's own": shifted("db2", 4)},
    ),
    Case(
        "total variation",
        0.003,
        {"bart": TotalVariation(ITERATIONS, 0.003), "sigpy": TotalVariation(ITERATIONS, 0.003, isotropic=False)},
        "-R T:3:0:0.003",
        sigpy.mri.app.TotalVariationRecon,
        {"bart": isotropic, "sigpy": anisotropic},
    ),
]


def write_cfl(path, array):
    """Write (coil, y, x) as BART's (x, y, 1, coil): its files are column-major."""
    coils, rows, columns = array.shape
    path.with_suffix(".hdr").write_text(f"# Dimensions\n{columns} {rows} 1 {coils}\n")
    array.numpy().astype(np.complex64).tofile(path.with_suffix(".cfl"))


def run_bart(folder, options, iterations=ITERATIONS):
    """Return BART's image."""
    command = ["bart", "pics", "-w1", "-S", f"-i{iterations}", *options.split()]
    command += [str(folder / name) for name in ("kspace", "maps", "image")]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return torch.from_numpy(np.fromfile(folder / "image.cfl", np.complex64).reshape(SIZE, SIZE))


def run_ours(method, problem):
    """Return our last estimate."""
    *_, x = method.estimates(problem)
    return x


def objective(problem, x, strength, penalty):
    """Return 1/2 ||A x - y||^2 + lambda R(x)."""
    precise = problem.to(dtype=torch.float64)
    x = x.to(torch.complex128)
    return energy(precise.operator(x) - precise.data) + strength * penalty(x)


def compare(case, problem, folder, quality, repetitions):
    """Yield a row for each peer."""
    kspace, maps = problem.centred_kspace.numpy(), problem.maps.numpy()

    def run_sigpy():
        app = case.sigpy(kspace, maps, case.strength, max_iter=ITERATIONS, show_pbar=False)
        return torch.from_numpy(app.run())

    def floor():
        for _ in range(ITERATIONS):
            torch.fft.ifft2(torch.fft.fft2(problem.kspace))

    peers = {"sigpy": run_sigpy} | ({"bart": lambda: run_bart(folder, case.bart)} if shutil.which("bart") else {})
    functions = {**peers, "floor": floor}
    functions |= {f"ours {peer}": lambda peer=peer: run_ours(case.methods[peer], problem) for peer in peers}
    if "bart" in peers:
        functions["one"] = lambda: run_bart(folder, case.bart, 1)
    ms = {name: 1000 * value for name, value in medians(functions, repetitions).items()}
    if "bart" in peers:
        ms["bart"] = (ms["bart"] - ms["one"]) * ITERATIONS / (ITERATIONS - 1)
    for peer, run in peers.items():
        images = {"ours": run_ours(case.methods[peer], problem), peer: run()}
        notes = []
        for key, penalty in case.penalties.items():
            if key.startswith(peer):
                values = [f"{who} {objective(problem, x, case.strength, penalty):.6g}" for who, x in images.items()]
                notes.append(f"objective{key.removeprefix(peer)}: {', '.join(values)}")
        notes.append("PSNR: " + ", ".join(f"{who} {quality(x):.2f}" for who, x in images.items()))
        yield Row(
            f"{case.name}, {problem.coils} coils, {SIZE} x {SIZE}, {ITERATIONS} iterations, 1 thread",
            "ms",
            ms[f"ours {peer}"],
            ms[peer],
            {"bart": "bart pics without its start-up", "sigpy": "sigpy"}[peer],
            ms["floor"],
            "its FFTs alone",
            "; ".join(notes),
        )


@torch.no_grad()
def rows(data: str | None = None, slice: int = 10, coils: int = 8, acceleration: float = 6.0, repetitions: int = 5):
    """Compare objective, quality and time with each peer that is here.

    Arguments:
        data: images (.npy, .npz with `image`); else the head phantom
        slice: which of them
    """
    torch.set_num_threads(1)
    image = slice_of(data, slice)
    generator = torch.Generator().manual_seed(0)
    mask = gaussian((SIZE, SIZE), acceleration, generator=generator)
    maps = simulate((SIZE, SIZE), coils, generator=generator)
    problem, scale = Acquisition.simulate(image, mask, maps, 0.005, generator=generator).normalised()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_cfl(folder / "kspace", problem.centred_kspace)
        write_cfl(folder / "maps", problem.maps)
        for case in CASES:
            yield from compare(case, problem, folder, lambda x: float(psnr(x * scale, image)), repetitions)


if __name__ == "__main__":
    show(rows)
