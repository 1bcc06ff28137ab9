"""A slice of 320 x 320 and 16 coils: seconds of every network of images that has weights, and of finding its maps.

    python benchmarks/sixteen_coils.py [--size 320] [--coils 16] [--threads 2]

The floor of a method is two Fourier transforms of all coils for each of its iterations.
"""

import warnings
from collections.abc import Iterator
from functools import partial

import torch

import dealias
from _row import Row, medians, show
from dealias import allocator, cards, find, sampling
from dealias.coils import simulate
from dealias.errors import Note
from dealias.phantoms import head


def rows(*, size: int = 320, coils: int = 16, threads: int = 2, repetitions: int = 3) -> Iterator[Row]:
    """Yield the seconds of wavelets, of each network, and of ESPIRiT."""
    torch.set_num_threads(threads)
    allocator.keep_freed_blocks()  # as the command line does
    warnings.simplefilter("ignore", Note)
    generator = torch.Generator().manual_seed(0)
    shape = size, size
    mask = sampling.gaussian(shape, 4, centre=0.06, generator=generator)
    maps = simulate(shape, coils, generator=generator)
    scan = dealias.Acquisition.simulate(head(shape, seed=0), mask, maps, 0.002, generator=generator)
    networks = [name for name in cards.shipped("methods") if not find.method(name).joint]
    methods = {name: dealias.load(name) for name in ("wavelet", *networks)}
    functions = {name: partial(dealias.reconstruct, method, scan) for name, method in methods.items()}
    functions["ESPIRiT"] = partial(dealias.espirit, scan.with_maps(None))
    functions["transforms"] = lambda: torch.fft.ifft2(torch.fft.fft2(scan.kspace))
    seconds = medians(functions, repetitions)
    what = f"{size} x {size}, {coils} coils, {threads} threads"
    for name, method in methods.items():
        floor = method.iterations * seconds["transforms"]
        yield Row(f"{name}, {what}", "s", seconds[name], floor=floor, floor_name="the transforms of its iterations")
    yield Row(f"maps by ESPIRiT, {what}", "s", seconds["ESPIRiT"])


if __name__ == "__main__":
    show(rows)
