"""End-to-end VarNet: this package against fastMRI's own code, the same weights on the same scan, in one run.

    git clone https://github.com/facebookresearch/fastMRI    # by hand, beside this repository
    python benchmarks/varnet_against_fastmri.py --authors ../fastMRI [--features N] [--size N] ...

Their modules are imported from that folder without installing it; what they import and the network does not need
(packages that read files, and their data sets) is replaced by empty modules. Each runs in a process of its own, one
after the other in turns: once, and in training once forwards and back. Peak memory is that of the process.
"""

import resource
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from unittest.mock import MagicMock

import torch

from _row import Row, medians, show
from dealias import Acquisition, allocator
from dealias.coils import simulate
from dealias.phantoms import head
from dealias.published.e2e_varnet import method
from dealias.sampling import cartesian


def authors_network(folder, features, cascades, poolings):
    """Return fastMRI's VarNet of random weights, the same each time."""
    sys.path.insert(0, str(folder))
    data = [f"fastmri.data.{name}" for name in ("mri_data", "volume_sampler")]
    for name in ("requests", "yaml", "pandas", "skimage.metrics", *data):
        sys.modules.setdefault(name, MagicMock())
    torch.manual_seed(0)
    network = import_module("fastmri.models.varnet").VarNet(cascades, features // 2, poolings, features, poolings)
    return network.eval()


def scan(size, coils):
    """Return an acquisition of a head by random lines, four times accelerated."""
    generator = torch.Generator().manual_seed(0)
    mask = cartesian((size, size), 4, centre=0.08, generator=generator)
    maps = simulate((size, size), coils, generator=generator)
    return Acquisition.simulate(head((size, size), seed=0), mask, maps, 0.001, generator=generator)


def start(which, threads, folder, size, coils, *sizes):
    """Prepare one of both in a process of its own, which keeps what it needs."""
    global run, parameters
    torch.set_num_threads(threads)
    network, problem = authors_network(folder, *sizes), scan(size, coils)
    if which == "ours":
        allocator.keep_freed_blocks()  # as the command line does
        ours = method("fastMRI", network.state_dict(), {})
        parameters = list(ours.parameters())

        def run():
            return ours(problem).abs()
    else:
        parameters = list(network.parameters())
        kspace = torch.view_as_real(problem.centred_kspace.contiguous())[None]
        mask = problem.centred_mask.any(-2).reshape(1, 1, 1, size, 1)

        def run():
            return network(kspace, mask)[0]


def once(training):
    """Return the image, and the gigabytes that this process took at its peak so far."""
    with torch.set_grad_enabled(training):
        image = run()
    if training:
        torch.autograd.grad(image.square().mean(), parameters, allow_unused=True)
    return image.detach().numpy(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def rows(
    *,
    authors: str | None = None,
    features: int = 8,
    cascades: int = 6,
    poolings: int = 4,
    size: int = 128,
    coils: int = 8,
    repetitions: int = 5,
    threads: int = 1,
) -> Iterator[Row]:
    """Yield seconds and peak memory of a reconstruction and of a training step."""
    if authors is None:
        print("fastMRI's code is missing: git clone https://github.com/facebookresearch/fastMRI, then --authors FOLDER")
        return
    what = f"end-to-end VarNet, {cascades} x {features} channels, {size} x {size}, {coils} coils, {threads} threads"
    for training in (False, True):
        arguments = threads, authors, size, coils, features, cascades, poolings
        pools = {
            which: ProcessPoolExecutor(1, get_context("spawn"), start, (which, *arguments))
            for which in ("ours", "peer")
        }
        functions = {
            which: lambda pool=pool, training=training: pool.submit(once, training).result()
            for which, pool in pools.items()
        }
        seconds = medians(functions, repetitions)
        (ours, memory), (peer, peers_memory) = (function() for function in functions.values())
        for pool in pools.values():
            pool.shutdown()
        difference = abs(ours - peer).max() / peer.max()
        name = f"{what}, {'training step' if training else 'image'}"
        note = f"largest difference of the images {difference:.1e} of their maximum"
        yield Row(name, "s", seconds["ours"], seconds["peer"], "fastMRI", note=note)
        yield Row(f"{name}, peak memory", "GB", memory, peers_memory, "fastMRI", note="all of the process")


if __name__ == "__main__":
    show(rows)
