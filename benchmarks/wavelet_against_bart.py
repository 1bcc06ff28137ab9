"""Wavelet CS of one slice, one coil: this package against `bart pics -S -i40 -R W:3:0:l`, in one run.

    python benchmarks/wavelet_against_bart.py [--data FILE] [--slice N] [--acceleration R]

Each side has its best lambda of a grid. BART is timed without its start-up: the time of 40 iterations less that of
one, times 40/39. Ours is timed as the whole call, normalisation and estimate of the step included, without Python's
imports. The floor is what every iteration does at the least: one FFT, one inverse FFT, and the wavelet transform
there and back.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch

from _row import Row, medians, show
from dealias.acquisition import Acquisition
from dealias.evaluation.metrics import psnr
from dealias.methods.wavelet import Wavelet
from dealias.operators.wavelet import Wavelet as Transform
from dealias.phantoms import head
from dealias.sampling import gaussian

SIZE, ITERATIONS = 256, 40
GRID = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05)


def slice_of(path: str | None, index: int) -> torch.Tensor:
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


def floor(image: torch.Tensor) -> None:
    """Do the transforms of all iterations, and nothing else."""
    transform = Transform()
    for _ in range(ITERATIONS):
        torch.fft.ifft2(torch.fft.fft2(image, norm="ortho"), norm="ortho")
        transform.adjoint(transform.forward(image))


def best(quality: dict[float, float]) -> tuple[float, float]:
    """Return the lambda of the best PSNR, and that."""
    return max(quality.items(), key=lambda pair: pair[1])


@torch.no_grad()
def rows(data: str | None = None, slice: int = 10, acceleration: float = 4.0, repetitions: int = 9):
    """Compare quality, then speed on one thread and on two; without BART ours stands alone.

    Arguments:
        data: images (.npy, .npz with `image`); else the head phantom
        slice: which of them
    """
    image = slice_of(data, slice)
    generator = torch.Generator().manual_seed(0)
    mask = gaussian((SIZE, SIZE), acceleration, generator=generator)
    problem = Acquisition.simulate(image, mask, noise_std=0.001, generator=generator)
    what = f"wavelet CS, {SIZE} x {SIZE}, {acceleration:g}x, {ITERATIONS} iterations, one coil"
    ours, quality = best({v: float(psnr(Wavelet(ITERATIONS, v)(problem), image)) for v in GRID})
    by_itself = float(psnr(Wavelet(ITERATIONS)(problem), image))
    there = shutil.which("bart") is not None
    missing = "" if there else "no bart here; apt-get install bart"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        theirs, their_quality = 0.0, None
        if there:
            subprocess.run(["bart", "ones", "4", *map(str, (SIZE, SIZE, 1, 1)), str(folder / "maps")], check=True)
            write_cfl(folder / "kspace", problem.centred_kspace[0].numpy())
            theirs, their_quality = best({v: float(psnr(bart(folder, v, ITERATIONS, 2), image)) for v in GRID})
        note = missing or f"each with its best lambda, ours {ours:g}, bart's {theirs:g}; ours by itself {by_itself:.2f}"
        yield Row(f"PSNR of {what}", "dB", quality, their_quality, "bart pics", note=note)
        for threads in (1, 2):
            torch.set_num_threads(threads)
            functions = {
                "ours": lambda: Wavelet(ITERATIONS, ours)(problem),
                "by itself": lambda: Wavelet(ITERATIONS)(problem),
                "floor": lambda: floor(problem.zero_filled),
            }
            if there:
                functions |= {
                    "whole": lambda n=threads: bart(folder, theirs, ITERATIONS, n),
                    "one": lambda n=threads: bart(folder, theirs, 1, n),
                }
            ms = {name: 1000 * value for name, value in medians(functions, repetitions).items()}
            bare = (ms["whole"] - ms["one"]) * ITERATIONS / (ITERATIONS - 1) if there else None
            yield Row(
                f"{what}, {threads} thread{'s' * (threads > 1)}",
                "ms",
                ms["ours"],
                bare,
                "bart pics without its start-up",
                ms["floor"],
                "its transforms alone",
                missing or f"regularisation by itself {ms['by itself']:.0f}; bart as a process {ms['whole']:.0f}",
            )


if __name__ == "__main__":
    show(rows)
