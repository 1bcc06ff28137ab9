"""How far the RIM is from its own arithmetic: the convolutions and matrix products that it cannot do without.

The floor is timed alone in the same process, in turns with the RIM: 5x5 and 3x3 by `conv2d` in channels_last,
1x1 as `torch.mm` on (pixels, channels); products with a zero state are not counted, since nobody needs them.
The plain code is PyTorch's default layout with 1x1 convolutions, as one would write the paper's equations.

    python benchmarks/rim_against_its_arithmetic.py [--size 320] [--repetitions 7]
"""

import argparse
import statistics
import time

import torch
from torch.nn.functional import conv2d, mse_loss

import dealias
from _machine import describe, refuse_if_busy
from dealias import memory
from dealias.phantoms import head


def floor(rim, size, dtype):
    """Return a function that does the arithmetic of all steps, and nothing else."""
    features = rim.between.in_channels
    shape = (1, features, size, size)
    pixels = torch.randn(size * size, features, dtype=dtype)
    state = torch.randn(shape, dtype=dtype).to(memory_format=torch.channels_last)
    seen = torch.randn(1, 4, size, size, dtype=dtype).to(memory_format=torch.channels_last)
    convolutions = [(seen, rim.inwards), (state, rim.between), (state, rim.outwards)]
    weights = [(x, c.weight.detach().to(dtype), c.bias.detach().to(dtype), c.padding) for x, c in convolutions]
    products = [
        value.weight.detach().to(dtype).T for unit in rim.units for value in (unit.input, unit.gates, unit.candidate)
    ]
    first = [value for value, unit in zip(products[::3], rim.units, strict=True)]

    def run():
        for step in range(rim.iterations):
            for x, weight, bias, padding in weights:
                conv2d(x, weight, bias, padding=padding)
            if step:
                for weight in products:
                    torch.mm(pixels, weight)
            else:
                for weight in first:
                    torch.mm(pixels, weight[:, features:])

    return run


def plain(rim, problem):
    """Yield the estimates by the equations as written, in PyTorch's default layout."""
    x, states = problem.zero_filled, [None, None]
    convolutions = {id(c): c.weight.contiguous() for c in (rim.inwards, rim.between, rim.outwards)}

    def conv(layer, value):
        return conv2d(value, convolutions[id(layer)], layer.bias, padding=layer.padding)

    def unit(gru, seen, h):
        w, u, v = (m.weight[..., None, None] for m in (gru.input, gru.gates, gru.candidate))
        h = torch.zeros(len(seen), v.shape[0], *seen.shape[-2:], dtype=seen.dtype) if h is None else h
        wr, wz, wn = conv2d(seen, w, gru.input.bias).chunk(3, 1)
        ur, uz = conv2d(h, u).chunk(2, 1)
        r, z = torch.sigmoid(wr + ur), torch.sigmoid(wz + uz)
        return z * h + (1 - z) * torch.tanh(wn + conv2d(r * h, v))

    for _ in range(rim.iterations):
        g = problem.gradient(x)
        seen = torch.stack((x.real, x.imag, g.real, g.imag))[None]
        states[0] = unit(rim.units[0], torch.relu(conv(rim.inwards, seen)), states[0])
        states[1] = unit(rim.units[1], torch.relu(conv(rim.between, states[0])), states[1])
        update = conv(rim.outwards, states[1]).float()
        x = x + torch.complex(update[0, 0], update[0, 1])
        yield x


def timed(functions, repetitions):
    """Return the median seconds of each function, run in turns so that all see the same machine."""
    seconds = {name: [] for name in functions}
    for _ in range(repetitions + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values[1:]) for name, values in seconds.items()}


def inference(rim, problem, size, repetitions):
    """Print seconds a slice, their ratio to the floor, and the error of bfloat16."""
    normalised, _ = problem.normalised()

    def run(estimates, precision):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=precision is torch.bfloat16):
            return list(estimates(normalised))[-1]

    shipped = dealias.load("rim")
    slow = run(lambda p: plain(rim, p), torch.float32)
    for precision in (torch.float32, torch.bfloat16):
        functions = {
            "floor": floor(rim, size, precision),
            "dealias": lambda precision=precision: run(rim.estimates, precision),
            "plain": lambda precision=precision: run(lambda p: plain(rim, p), precision),
            "shipped": lambda precision=precision: run(shipped.estimates, precision),
        }
        with torch.no_grad():
            seconds = timed(functions, repetitions)
        error = (run(rim.estimates, precision) - slow).abs()
        print(
            f"inference {str(precision)[6:]:9} dealias {seconds['dealias']:.3f} s, floor {seconds['floor']:.3f} s "
            f"({seconds['dealias'] / seconds['floor']:.2f}x), plain {seconds['plain']:.3f} s "
            f"({seconds['plain'] / seconds['dealias']:.2f}x faster), difference {float(error.max()):.1e} at most, "
            f"{float(error.square().mean().sqrt()):.1e} root mean square; "
            f"as shipped, every estimate made consistent: {seconds['shipped']:.3f} s"
        )


def training(rim, problem, repetitions):
    """Print the seconds of one training step against the plain code's."""
    normalised, _ = problem.normalised()
    target = torch.view_as_real(normalised.zero_filled)

    def step(estimates, precision):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision is torch.bfloat16):
            loss = sum(mse_loss(torch.view_as_real(x), target) for x in estimates(normalised))
        loss.backward()

    single, half = torch.float32, torch.bfloat16
    functions = {
        "dealias": lambda: step(rim.estimates, single),
        "dealias bfloat16": lambda: step(rim.estimates, half),
        "plain": lambda: step(lambda p: plain(rim, p), single),
        "plain bfloat16": lambda: step(lambda p: plain(rim, p), half),
    }
    seconds = timed(functions, repetitions)
    print(f"training step on {' x '.join(map(str, normalised.shape))}")
    for name, value in seconds.items():
        ratios = [f"{seconds[other] / value:.2f}x as fast as {other}" for other in ("plain", "plain bfloat16")]
        print(f"  {name:17} {value:.3f} s" + (f", {ratios[0]}, {ratios[1]}" if name.startswith("dealias") else ""))


def main():
    """Time inference on one slice and a training step on one crop."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--crop", type=int, default=200, help="of a training step; the paper's is 200")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    refuse_if_busy()
    memory.keep()  # as the command line does, for all that is timed here
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    rim = dealias.load("rim", consistent=0)
    print(f"RIM, F = 64, T = 8, {options.size} x {options.size}; {describe()}")
    problems = []
    for size in (options.size, options.crop):
        mask = dealias.sampling.gaussian((size, size), 4, generator=torch.Generator().manual_seed(0))
        problems.append(dealias.Acquisition.simulate(head((size, size)), mask, noise_std=0.001))
    inference(rim, problems[0], options.size, options.repetitions)
    training(rim, problems[1], options.repetitions)


if __name__ == "__main__":
    main()
