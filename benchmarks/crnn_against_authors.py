"""CRNN-MRI, the authors' weights: this package against their public PyTorch code on the same film, in one run.

    git clone https://github.com/js3611/Deep-MRI-Reconstruction    # by hand, beside this repository
    python benchmarks/crnn_against_authors.py --authors ../Deep-MRI-Reconstruction [--weights FILE] [--size N] ...

Their code is written for PyTorch 0.4 and a GPU. To run it as it is today and on a CPU, three names that it uses are
replaced from outside: the two FFTs of that time, and the call that moves zeros to the GPU. The floor is our
convolutions alone, as they are done, each on one frame of random numbers; products with a zero state are not among
them. The note says what they take by PyTorch's own convolution, which in single precision multiplies more. The
authors' code runs in a process of its own, whose memory is managed as Python does it by itself; peak memory is that
of a process that does nothing else.
"""

import resource
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import torch

from _row import Row, medians, show
from dealias import Acquisition, allocator, load
from dealias.networks.winograd import convolved
from dealias.phantoms import heart
from dealias.sampling import kt

WEIGHTS = Path(__file__).parents[2] / "shared" / "reference" / "crnn_mri_d5_c5.pth"
FEATURES = 64


class OldTorch:
    """PyTorch with the FFTs of version 0.4, which took real and imaginary parts."""

    def __init__(self):
        self.fft, self.ifft = (
            lambda x, dimensions, normalized, transform=transform: torch.view_as_real(
                transform(torch.view_as_complex(x.contiguous()), norm="ortho")
            )
            for transform in (torch.fft.fft2, torch.fft.ifft2)
        )

    def __getattr__(self, name):
        return getattr(torch, name)


def authors_code(folder, weights, iterations, problem):
    """Return a function that runs the authors' network on a problem and gives a complex film (time, y, x)."""
    sys.path.insert(0, str(folder))
    model = import_module("cascadenet_pytorch.model_pytorch")
    import_module("cascadenet_pytorch.kspace_pytorch").torch = OldTorch()
    model.Variable = lambda zeros: SimpleNamespace(cuda=lambda: zeros)
    net = model.CRNN_MRI(nc=iterations).eval()
    net.load_state_dict(torch.load(weights, weights_only=True, map_location="cpu"))

    def parts(film):  # (1, 2, x, y, time): their lines lie along the last axis of an image
        return torch.view_as_real(film.permute(2, 1, 0)).movedim(-1, 0)[None].contiguous()

    kspace = problem.kspace[:, 0]
    mask = problem.mask[:, 0].expand(kspace.shape)
    inputs = parts(problem.zero_filled), parts(kspace), parts(torch.complex(mask.float(), mask.float()))

    def run():
        out = net(*inputs, test=True)[0]
        return torch.complex(out[0], out[1]).permute(2, 1, 0)

    return run


def plain(*terms):
    """Do convolutions as PyTorch does."""
    for layer, x in terms:
        bias = None if layer.bias is None else layer.bias.to(x.dtype)
        torch.nn.functional.conv2d(x, layer.weight.to(x.dtype), bias, padding=1)


def convolutions(method, shape, dtype, convolved=plain):
    """Return a function that does the convolutions of all iterations, and nothing else."""
    frames, rows, columns = shape
    image, features = (
        torch.randn(1, n, rows, columns, dtype=dtype).to(memory_format=torch.channels_last) for n in (2, FEATURES)
    )
    first = method.over_time

    def run():
        for iteration in range(method.iterations):
            for frame in range(frames):
                convolved((first.input, image))
                for layer in [first.iteration] * (iteration > 0) + [first.time] * 2 * (frame > 0):
                    convolved((layer, features))
                for unit in method.units:
                    convolved((unit.input, features), *[(unit.iteration, features)] * (iteration > 0))
                convolved((method.outwards, features))

    return run


def ours(weights, iterations, problem, precision=torch.float32):
    """Return a function that runs our network on a problem."""
    method = load(weights, iterations=iterations)

    def run():
        with torch.autocast("cpu", torch.bfloat16, enabled=precision is torch.bfloat16):
            return list(method.estimates(problem))[-1]

    return run


def film(size, frames):
    """Return an acquisition of a beating heart, six times accelerated."""
    generator = torch.Generator().manual_seed(0)
    mask = kt((frames, size, size), 6, generator=generator).unsqueeze(-3)
    return Acquisition.simulate(heart((frames, size, size)), mask, axes=("time", "y", "x"), generator=generator)


def start(which, threads, folder, weights, iterations, size, frames):
    """Prepare one of both in a process of its own, which keeps what it needs."""
    global run
    torch.set_num_threads(threads)
    problem = film(size, frames)
    run = ours(weights, iterations, problem) if which == "ours" else authors_code(folder, weights, iterations, problem)


def once():
    """Return the film, and the gigabytes that this process took at its peak."""
    with torch.no_grad():
        image = run()
    return image.numpy(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def rows(
    *,
    authors: str | None = None,
    weights: str = str(WEIGHTS),
    size: int = 256,
    frames: int = 10,
    iterations: int = 5,
    repetitions: int = 3,
    threads: int = 1,
) -> Iterator[Row]:
    """Yield the time of one film in single precision and bfloat16, and the peak memory."""
    allocator.keep_freed_blocks()  # as the command line does, for all that is timed here
    torch.set_num_threads(threads)
    problem = film(size, frames)
    method = load(weights, iterations=iterations)
    single, half = torch.float32, torch.bfloat16
    functions = {
        "ours": ours(weights, iterations, problem),
        "floor": convolutions(method, problem.shape, single, convolved),
        "plain": convolutions(method, problem.shape, single),
        "ours in bfloat16": ours(weights, iterations, problem, half),
        "floor in bfloat16": convolutions(method, problem.shape, half),
    }
    arguments = threads, authors, weights, iterations, size, frames
    alone = {}
    for which in ("own", "peer") if authors is not None else ("own",):
        pool = ProcessPoolExecutor(1, get_context("spawn"), start, (which.replace("own", "ours"), *arguments))
        alone[which] = pool.submit(once).result()
        if which == "peer":
            functions["peer"] = lambda pool=pool: pool.submit(once).result()
    with torch.no_grad():
        seconds = medians(functions, repetitions)
        images = {name: functions[name]() for name in ("ours", "ours in bfloat16")}
    what = f"CRNN, {size} x {size} x {frames} frames, {iterations} iterations, {threads} threads"
    peer, name = seconds.get("peer"), "the authors' PyTorch code"
    missing = "the authors' code: --authors FOLDER"
    note = f"largest difference {abs(images['ours'].numpy() - alone['peer'][0]).max():.1e}" if peer else missing
    note += f"; by plain convolutions, these alone {seconds['plain']:.3g} s"
    yield Row(what, "s", seconds["ours"], peer, name, seconds["floor"], "its convolutions", note)
    error = images["ours in bfloat16"] - images["ours"]
    note = f"differs from float32 by {error.abs().max():.1e} at most, {error.abs().square().mean().sqrt():.1e} rms"
    floor = seconds["floor in bfloat16"]
    yield Row(f"{what}, bfloat16", "s", seconds["ours in bfloat16"], peer, name, floor, "its convolutions", note)
    note = "all of the process" if peer else missing
    yield Row(f"{what}, peak memory", "GB", alone["own"][1], alone["peer"][1] if peer else None, name, note=note)


if __name__ == "__main__":
    show(rows)
