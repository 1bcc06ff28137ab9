"""MoDL: this package against deepinv's, trained from the same weights on the same scans, in one run.

    pip install --target ../deepinv --no-deps deepinv einops natsort torchmetrics lightning-utilities
    python benchmarks/modl_against_deepinv.py --deepinv ../deepinv [--updates 20] [--size 96] ...

Both hold the same five convolutions and take ten conjugate gradients in every iteration, deepinv before its network
and we after it, with gradients by the implicit function theorem; squared error, ADAM of 1e-3, one scan an update. Each
trains in a process of its own, one after the other; seconds are those of the processor, of an update but the first,
and peak memory is that of the process. PSNR is of scans that no update saw. Of torchvision and requests the network
needs nothing: empty modules stand for them.
"""

import resource
import statistics
import sys
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from importlib import import_module
from multiprocessing import get_context
from unittest.mock import MagicMock

import torch
from torch import nn

from _row import Row, show
from dealias import Acquisition, allocator
from dealias.coils import simulate
from dealias.evaluation.metrics import psnr
from dealias.methods.modl import MoDL
from dealias.phantoms import head
from dealias.sampling import gaussian

GRADIENTS, JUDGES = 10, 4
PARTS = ("datasets", "datasets.folder", "datasets.utils", "models", "ops", "utils")
TRANSFORMS = ("transforms", "transforms.functional", "transforms.v2")
UNNEEDED = ("requests", "torchvision", *(f"torchvision.{part}" for part in (*PARTS, *TRANSFORMS)))


class Denoiser(nn.Module):
    """Our network as deepinv calls it."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor, *_: object, **__: object) -> torch.Tensor:
        """Return the image without what the network takes off."""
        return x + self.network(x)


def scans(count: int, size: int, coils: int) -> Iterator[tuple[Acquisition, torch.Tensor]]:
    """Yield normalised scans of heads, four times accelerated, and their images."""
    for seed in range(count):
        generator = torch.Generator().manual_seed(seed)
        image = head((size, size), seed=seed)
        maps = simulate((size, size), coils, generator=generator)
        scan = Acquisition.simulate(
            image, gaussian((size, size), 4, generator=generator), maps, 0.002, generator=generator
        )
        normalised, scale = scan.normalised()
        yield normalised, image / scale


def parts(x: torch.Tensor) -> torch.Tensor:
    """Return real and imaginary parts of a scan's (..., y, x) as deepinv has them (1, 2, ..., y, x)."""
    return torch.view_as_real(x.contiguous()).movedim(-1, 0)[None]


def peer(ours: MoDL, folder: str) -> tuple[nn.Module, object]:
    """Return deepinv's MoDL with our network, and what makes its image of a scan."""
    sys.path.insert(0, folder)
    sys.modules.update({name: MagicMock() for name in UNNEEDED})
    deepinv = import_module("deepinv")
    network = import_module("deepinv.models").MoDL(Denoiser(deepcopy(ours.network)), ours.iterations)

    def image(scan: Acquisition) -> torch.Tensor:
        rows, columns = scan.shape
        mask = scan.centred_mask[0].expand(rows, columns).float()
        physics = deepinv.physics.MultiCoilMRI(
            mask, scan.maps[None], (2, rows, columns), max_iter=GRADIENTS, implicit_backward_solver=True
        )
        found = network(parts(scan.centred_kspace), physics)
        return torch.complex(found[0, 0], found[0, 1])

    return network, image


def trained(which: str, folder: str, threads: int, updates: int, sizes: tuple[int, int], network: tuple[int, int]):
    """Return seconds of an update, gigabytes at the peak, and decibels on scans that no update saw."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    warnings.simplefilter("ignore")
    method = MoDL(*network, gradients=GRADIENTS).train()
    module, image = (method, lambda scan: [*method.estimates(scan)][-1]) if which == "ours" else peer(method, folder)
    if which == "ours":
        allocator.keep_freed_blocks()  # as the command line does
    optimiser = torch.optim.Adam(module.parameters(), 1e-3)
    examples = list(scans(updates + JUDGES, *sizes))
    seconds = []
    for scan, truth in examples[:updates]:
        start = time.process_time()
        optimiser.zero_grad()
        loss = (image(scan) - truth).abs().square().mean()
        loss.backward()
        optimiser.step()
        seconds.append(time.process_time() - start)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    with torch.no_grad():
        decibels = [psnr(image(scan), truth).item() for scan, truth in examples[updates:]]
    return statistics.median(seconds[1:]), memory, statistics.mean(decibels)


def rows(
    *,
    deepinv: str | None = None,
    updates: int = 20,
    features: int = 32,
    iterations: int = 4,
    size: int = 96,
    coils: int = 8,
    threads: int = 1,
) -> Iterator[Row]:
    """Yield seconds, memory and quality of both trainings."""
    if deepinv is None:
        print("deepinv is missing: pip install --target FOLDER --no-deps deepinv ..., then --deepinv FOLDER")
        return
    found = {}
    for which in ("ours", "peer"):
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            arguments = which, deepinv, threads, updates, (size, coils), (features, iterations)
            found[which] = pool.submit(trained, *arguments).result()
    what = f"MoDL, {iterations} x {features} channels, {size} x {size}, {coils} coils, {threads} threads"
    seconds, memory, decibels = zip(found["ours"], found["peer"], strict=True)
    yield Row(f"{what}: an update", "s", *seconds, "deepinv")
    yield Row(f"{what}: peak memory", "GB", *memory, "deepinv", note="all of the process")
    note = "deepinv ends with the network, which these few updates leave raw"
    yield Row(f"{what}: unseen scans after {updates} updates", "dB", *decibels, "deepinv", note=note)


if __name__ == "__main__":
    show(rows)
