"""How long a reconstruction takes: RIMs, complex RIMs, a U-Net and compressed sensing, beside the paper's times.

    python reproductions/times.py [--size 256 240] [--batch 16] [--repetitions 7]

It refuses to measure on a busy machine, unless DEALIAS_BUSY=1 is in the environment. Where PyTorch finds a GPU, it is
measured too. A time does not depend on what a network has learned: those that are not shipped hold random numbers. The
RIM paper says that the U-Net is six times faster, the project page that inference of the complex RIM is slower.
"""

import argparse
from functools import partial

import torch

import dealias
from _benchmarks import describe, is_busy, medians, refuse_if_busy
from _page import Claim, table, write
from dealias import allocator
from dealias.methods.complex_rim import ComplexRIM
from dealias.methods.rim import RIM
from dealias.methods.unet import UNet
from dealias.methods.wavelet import Wavelet
from dealias.phantoms import head

MILLISECONDS = {"RIM, F = 64": 236, "RIM, F = 32": 126, "U-Net": 40, "CS, 40 iterations": 1203}  # the paper's
COLUMNS = ("CPU", "GPU", "GPU, in a batch", "the same in bfloat16")


def methods():
    """Return what is timed, by name."""
    torch.manual_seed(0)
    found = {
        "RIM, F = 64": RIM(64),
        "RIM, F = 32": RIM(32),
        "complex RIM, F = 64": ComplexRIM(64),
        "complex RIM, F = 32": ComplexRIM(32),
        "U-Net": UNet(64, normalised=False),
        "CS, 40 iterations": Wavelet(iterations=40),
    }
    return {name: method.eval() for name, method in found.items()}


def milliseconds(device, size, slices, precision, repetitions):
    """Return the median time of a slice for each method, in milliseconds."""
    mask = dealias.sampling.gaussian(size, 4, generator=torch.Generator().manual_seed(0))
    images = torch.stack([head(size, seed=seed) for seed in range(slices)])
    scan = dealias.Acquisition.simulate(images, mask, noise_std=0.001).to(device)

    def run(method):
        x = dealias.reconstruct(method, scan, batch=slices, precision=precision)
        return float(x[0, 0, 0].real)  # waits for a GPU

    functions = {name: partial(run, method.to(device)) for name, method in methods().items()}
    return {name: 1000 * seconds / slices for name, seconds in medians(functions, repetitions).items()}


def rounded(value):
    """Return a number in at least two digits."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def claims(times):
    """Return what paper and page say; times by column and method, in milliseconds."""
    place = "GPU" if "GPU" in times else "CPU"
    here, cpu, batch = times[place], times["CPU"], times.get("GPU, in a batch")
    faster = here["RIM, F = 64"] / here["U-Net"]
    slower = {f: here[f"complex RIM, F = {f}"] / here["RIM, F = 64"] for f in (64, 32)}
    against = cpu["CS, 40 iterations"] / here["RIM, F = 64"]
    return [
        Claim(
            f"the U-Net is six times faster than the RIM ({place})",
            "5.9 times",
            f"{faster:.1f} times",
            faster >= 5.9,
        ),
        Claim(
            f"inference of a complex RIM is slower than that of a real one of as many features ({place})",
            "not printed",
            f"{slower[64]:.2f} times as long; {slower[32]:.2f} times with half as many",
            slower[64] > 1,
        ),
        Claim(f"the RIM ({place}) is faster than CS (CPU)", "5.1 times, on a GPU", f"{against:.1f} times", against > 1),
        Claim(
            "in a batch on a modern GPU the RIM takes less than 2 ms a slice",
            "this project's own",
            None if batch is None else f"{batch['RIM, F = 64']:.2f} ms",
            None if batch is None else batch["RIM, F = 64"] < 2,
        ),
    ]


def main():
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, nargs=2, default=[256, 240], help="the paper's 3T slices")
    parser.add_argument("--batch", type=int, default=16, help="slices at once on a GPU")
    parser.add_argument("--repetitions", type=int, default=7)
    options = parser.parse_args()
    allocator.keep_freed_blocks()  # as the command line does
    refuse_if_busy()
    busy = is_busy()
    runs = [("CPU", "cpu", 1, "float32")]
    if torch.cuda.is_available():
        how = ((1, "float32"), (options.batch, "float32"), (options.batch, "bfloat16"))
        runs += [(name, "cuda", *rest) for name, rest in zip(COLUMNS[1:], how, strict=True)]
    times = {
        name: milliseconds(device, (*options.size,), slices, precision, options.repetitions)
        for name, device, slices, precision in runs
    }
    rows = [
        [name, MILLISECONDS.get(name, ""), *(rounded(times[c][name]) if c in times else None for c in COLUMNS)]
        for name in methods()
    ]
    text = (
        f"Milliseconds for a slice of {options.size[0]} x {options.size[1]}, one coil, 4x, medians of "
        f"{options.repetitions}; RIMs with T = 8, without our consistency with the data; a batch is {options.batch} "
        "slices. The paper: networks on a GPU of 2018, CS on a CPU, matrix and width of the U-Net (here 64 features, "
        f"three poolings) not stated. {describe()}"
    )
    text += f", {torch.cuda.get_device_name()}." if torch.cuda.is_available() else "."
    text += " Measured on a busy machine: only ratios mean something." if busy else ""
    parts = [text, table(["", "the paper", *COLUMNS], rows)]
    write("times", "How long a reconstruction takes", parts, claims(times))


if __name__ == "__main__":
    main()
