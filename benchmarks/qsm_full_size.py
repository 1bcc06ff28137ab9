"""Susceptibility at the size of a patient's head: what `dealias qsm` needs from six echoes, in time and memory.

Each row is a process of its own, from k-space in a file to the map; seconds are those of the processor, so that what
else runs does not count.

    python benchmarks/qsm_full_size.py [--shape "[160, 192, 128]"] [--coils 1] [--accelerations "[1, 4]"]
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import torch

from _row import Row, show
from dealias import sampling
from dealias.phantoms.susceptibility import susceptibility


def write(path, kspace, scan, head):
    """Write k-space as `dealias qsm` takes it."""
    said = {"echo_times": scan.echo_times, "field_strength": scan.field_strength}
    said |= {"voxel_size": head.voxel_size, "b0_direction": head.direction}
    with h5py.File(path, "w") as file:
        file.create_dataset("kspace", data=kspace.numpy()).attrs.update(said)


def mapped(path, target):
    """Return the seconds of the processor and the GiB of memory at most that a map takes."""
    command = [sys.executable, "-m", "dealias", "qsm", str(path), "-o", str(target)]
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"dealias qsm ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20


def rows(shape: tuple[int, int, int] = (160, 192, 128), coils: int = 1, accelerations: tuple[float, ...] = (1.0, 4.0)):
    """Map a head from k-space with so many times fewer points of (z, y)."""
    head = susceptibility(shape, finer=1)
    scan = head.scan(coils=coils)
    size = " x ".join(map(str, (*shape, len(scan.echo_times))))
    generator = torch.Generator().manual_seed(0)
    for acceleration in accelerations:
        kept = [sampling.gaussian(shape[:2], acceleration, generator=generator) for _ in scan.echo_times]
        kspace = scan.kspace if acceleration == 1 else scan.kspace * torch.stack(kept)[:, None, :, :, None]
        with TemporaryDirectory() as folder:
            path, target = Path(folder) / "scan.h5", Path(folder) / "out"
            write(path, kspace, scan, head)
            seconds, memory = mapped(path, target)
            stages = json.loads((target / "qsm.json").read_text())["stages"]
        parts = ", ".join(f"{stage} {about['seconds']:.0f}" for stage, about in stages.items())
        what = f"dealias qsm, {size}, {coils} coil{'s' * (coils > 1)}, acceleration {acceleration:g}"
        yield Row(what, "s of processor", seconds, note=f"{memory:.1f} GiB at most; seconds by the clock: {parts}")


if __name__ == "__main__":
    show(rows)
