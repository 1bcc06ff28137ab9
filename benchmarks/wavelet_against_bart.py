"""Wavelet CS of one slice, one coil: this package against `bart pics -S -i40 -R W:3:0:l`, in one run.

    python benchmarks/wavelet_against_bart.py [--data FILE] [--slice N] [--acceleration R]

Each side has its best lambda of a grid. BART is timed as a process (reading and writing 0.5 MB included), and
without its start-up: the time of 40 iterations less that of one, times 40/39. Ours is timed as the whole call,
normalisation and estimate of the step included, without Python's imports.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from _machine import describe, refuse_if_busy
from dealias.acquisition import Acquisition
from dealias.evaluation.metrics import psnr
from dealias.methods.wavelet import Wavelet
from dealias.phantoms import head
from dealias.sampling import gaussian

SIZE, ITERATIONS, REPETITIONS = 256, 40, 9
GRID = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05)


def slice_of(path: Path | None, index: int) -> torch.Tensor:
    """Return one complex image of the benchmark's size: of a file, else the phantom."""
    if path is None:
        image = head((SIZE, SIZE))
    else:
        stored = np.load(path)
        array = stored["image"] if isinstance(stored, np.lib.npyio.NpzFile) else stored
        array = np.asarray(array[index] if array.ndim > 2 else array)
        image = torch.from_numpy(array if np.iscomplexobj(array) else array.astype(np.float32) @ [1, 1j])
        image = crop(image)
    return (image / image.abs().max()).to(torch.complex64)


def crop(image: torch.Tensor) -> torch.Tensor:
    """Return the middle of an image, padded with zeros where it is too small."""
    for axis in (0, 1):
        excess = image.shape[axis] - SIZE
        image = image.movedim(axis, -1)
        image = torch.nn.functional.pad(image, (-(excess // 2), -(excess - excess // 2))).movedim(-1, axis)
    return image


def write_cfl(path: Path, array: np.ndarray) -> None:
    """Write (y, x) as BART's (x, y, 1, 1): its files are column-major."""
    path.with_suffix(".hdr").write_text(f"# Dimensions\n{array.shape[1]} {array.shape[0]} 1 1 \n")
    array.astype(np.complex64).tofile(path.with_suffix(".cfl"))


def bart(folder: Path, strength: float, iterations: int, threads: int) -> torch.Tensor:
    """Return BART's image."""
    options = ["-S", f"-i{iterations}", "-R", f"W:3:0:{strength}"]
    command = ["bart", "pics", *options, str(folder / "kspace"), str(folder / "maps"), str(folder / "image")]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return torch.from_numpy(np.fromfile(folder / "image.cfl", np.complex64).reshape(SIZE, SIZE))


def seconds(run: Callable[[], object]) -> tuple[float, float]:
    """Return the best and the median time of several runs, after one that warms up."""
    run()
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times), float(np.median(times))


def compare(folder: Path, image: torch.Tensor, problem: Acquisition) -> bool:
    """Print the table; return whether ours is faster at equal or better PSNR throughout."""
    subprocess.run(["bart", "ones", "4", *map(str, (SIZE, SIZE, 1, 1)), str(folder / "maps")], check=True)
    write_cfl(folder / "kspace", problem.centred_kspace[0].numpy())
    theirs = {v: float(psnr(bart(folder, v, ITERATIONS, 2), image)) for v in GRID}
    ours = {v: float(psnr(Wavelet(ITERATIONS, v)(problem), image)) for v in GRID}
    their_best, our_best = max(theirs, key=lambda v: theirs[v]), max(ours, key=lambda v: ours[v])
    by_itself = float(psnr(Wavelet(ITERATIONS)(problem), image))
    print("threads  method                   lambda     PSNR   best ms  median ms")
    won = ours[our_best] >= theirs[their_best]
    for threads in (1, 2):
        torch.set_num_threads(threads)
        whole = seconds(lambda n=threads: bart(folder, their_best, ITERATIONS, n))
        one = seconds(lambda n=threads: bart(folder, their_best, 1, n))
        bare = [(a - b) * ITERATIONS / (ITERATIONS - 1) for a, b in zip(whole, one, strict=True)]
        tuned = seconds(lambda: Wavelet(ITERATIONS, our_best)(problem))
        free = seconds(lambda: Wavelet(ITERATIONS)(problem))
        for name, strength, quality, (best, median) in [
            ("bart, process", f"{their_best:g}", theirs[their_best], whole),
            ("bart, without start-up", f"{their_best:g}", theirs[their_best], bare),
            ("dealias", f"{our_best:g}", ours[our_best], tuned),
            ("dealias, by itself", "-", by_itself, free),
        ]:
            print(f"{threads:7}  {name:23}  {strength:>6}  {quality:7.2f}  {best * 1e3:8.1f}  {median * 1e3:9.1f}")
        print(f"{'':7}  {bare[1] / tuned[1]:.1f} times as fast as bart without start-up")
        won = won and tuned[1] < bare[1]
    return won


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="images (.npy, .npz with `image`); else the head phantom")
    parser.add_argument("--slice", type=int, default=10)
    parser.add_argument("--acceleration", type=float, default=4.0)
    arguments = parser.parse_args()
    if shutil.which("bart") is None:
        print("skipped: no bart here; apt-get install bart", file=sys.stderr)
        return 0
    refuse_if_busy()
    image = slice_of(arguments.data, arguments.slice)
    generator = torch.Generator().manual_seed(0)
    mask = gaussian((SIZE, SIZE), arguments.acceleration, generator=generator)
    problem = Acquisition.simulate(image, mask, noise_std=0.001, generator=generator)
    print(f"{describe()}\n{SIZE} x {SIZE}, {arguments.acceleration:g}x, {ITERATIONS} iterations, one coil")
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        return 0 if compare(Path(folder), image, problem) else 1


if __name__ == "__main__":
    sys.exit(main())
