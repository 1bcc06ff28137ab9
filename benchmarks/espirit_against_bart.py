"""ESPIRiT, one set of maps: this package against `bart ecalib -m1` on the same k-space, in one run.

    python benchmarks/espirit_against_bart.py [--data FILE.npz] [--repetitions N]

BART is timed as a process, its start and files included, both of which a run on the smallest k-space shows and the
note states; ours as the whole call on an array, without Python's imports. Both on one thread.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch

import dealias
from _row import Row, medians, show
from dealias.acquisition import Acquisition
from dealias.coils import simulate
from dealias.phantoms import head


def simulated(coils: int, size: int) -> np.ndarray:
    """Return noisy centred k-space (coil, y, x) of the head phantom."""
    generator = torch.Generator().manual_seed(0)
    maps = simulate((size, size), coils, generator=generator)
    mask = torch.ones(size, size)
    return Acquisition.simulate(head((size, size)), mask, maps, 0.001, generator=generator).centred_kspace.numpy()


def write_cfl(path: Path, kspace: np.ndarray) -> None:
    """Write (coil, y, x) as BART's (x, y, 1, coil): its files are column-major."""
    coils, rows, columns = kspace.shape
    path.with_suffix(".hdr").write_text(f"# Dimensions\n{columns} {rows} 1 {coils} \n")
    kspace.astype(np.complex64).tofile(path.with_suffix(".cfl"))


def bart(folder: Path, name: str) -> None:
    """Let BART write the maps of a k-space."""
    command = ["bart", "ecalib", "-m1", str(folder / name), str(folder / f"{name}_maps")]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the median distance of two maps (coil, y, x) at their best phase, where both have a support."""
    both = ours.any(0) & theirs.any(0)
    inner = abs((ours.conj() * theirs).sum(0))[both]
    return float(np.median(np.sqrt(np.maximum(0, 2 - 2 * inner))))


def rows(data: str | None = None, repetitions: int = 5):
    """Compare 8 coils, then 32; without BART ours stands alone.

    Arguments:
        data: an .npz with centred `kspace` (coil, y, x) instead
    """
    torch.set_num_threads(1)
    scans = [np.load(data)["kspace"]] if data else [simulated(8, 256), simulated(32, 320)]
    there = shutil.which("bart") is not None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_cfl(folder / "tiny", scans[0][:1, :24, :24])
        for kspace in scans:
            write_cfl(folder / "kspace", kspace)
            functions = {"ours": lambda kspace=kspace: dealias.espirit(kspace)}
            if there:
                functions |= {"bart": lambda: bart(folder, "kspace"), "tiny": lambda: bart(folder, "tiny")}
            ms = {key: 1000 * value for key, value in medians(functions, repetitions).items()}
            note = "no bart here; apt-get install bart"
            if there:
                theirs = np.fromfile(folder / "kspace_maps.cfl", np.complex64).reshape(kspace.shape)
                note = f"bart on 24 x 24, one coil: {ms['tiny']:.0f}; median difference of the maps "
                note += f"{difference(dealias.espirit(kspace), theirs):.1g}"
            what = f"ESPIRiT, {kspace.shape[0]} coils, {kspace.shape[1]} x {kspace.shape[2]}, 1 thread"
            yield Row(what, "ms", ms["ours"], ms.get("bart"), "bart ecalib -m1", note=note)


if __name__ == "__main__":
    show(rows)
