"""How far the RIM is from its own arithmetic: the convolutions and matrix products that it cannot do without.

The floor is timed alone in the same process, in turns with the RIM: 5x5 and 3x3 by `conv2d` in channels_last,
1x1 as `torch.mm` on (pixels, channels); products with a zero state are not counted, since nobody needs them. That of
a training step differentiates them too. The peer is plain code: PyTorch's default layout with 1x1 convolutions, as
one would write the paper's equations.

    python benchmarks/rim_against_its_arithmetic.py [--size 320] [--repetitions 7]
"""

import torch
from torch.nn.functional import conv2d, mse_loss

import dealias
from _row import Row, medians, show
from dealias import allocator
from dealias.phantoms import head


def floor(rim, size, dtype, training=False):
    """Return a function that does the arithmetic of all steps, and nothing else; in training, backwards too."""
    features = rim.between.in_channels
    shape = (1, features, size, size)
    pixels = torch.randn(size * size, features, dtype=dtype, requires_grad=training)
    state = torch.randn(shape, dtype=dtype).to(memory_format=torch.channels_last).requires_grad_(training)
    seen = torch.randn(1, 4, size, size, dtype=dtype).to(memory_format=torch.channels_last)
    convolutions = [(seen, rim.inwards), (state, rim.between), (state, rim.outwards)]
    weights = [(x, c.weight.detach().to(dtype), c.bias.detach().to(dtype), c.padding) for x, c in convolutions]
    products = [
        value.weight.detach().to(dtype).T for unit in rim.units for value in (unit.input, unit.gates, unit.candidate)
    ]
    first = [value[:, features:] for value in products[::3]]
    for value in (*products, *first, *(part for _, *parts, _ in weights for part in parts)):
        if value.is_leaf:
            value.requires_grad_(training)

    def done(result):
        if training:
            result.backward(torch.ones_like(result))

    def run():
        for step in range(rim.iterations):
            for x, weight, bias, padding in weights:
                done(conv2d(x, weight, bias, padding=padding))
            for weight in products if step else first:
                done(torch.mm(pixels, weight))

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


def inference(rim, problem, repetitions):
    """Yield the seconds of one slice in both precisions, and the error of bfloat16."""
    normalised, _ = problem.normalised()
    size = problem.shape[-1]

    def run(estimates, precision):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=precision is torch.bfloat16):
            return list(estimates(normalised))[-1]

    shipped = dealias.load("rim")
    slow = run(lambda p: plain(rim, p), torch.float32)
    for precision in (torch.float32, torch.bfloat16):
        functions = {
            "floor": floor(rim, size, precision),
            "ours": lambda precision=precision: run(rim.estimates, precision),
            "plain": lambda precision=precision: run(lambda p: plain(rim, p), precision),
            "shipped": lambda precision=precision: run(shipped.estimates, precision),
        }
        with torch.no_grad():
            seconds = medians(functions, repetitions)
        error = (run(rim.estimates, precision) - slow).abs()
        yield Row(
            f"RIM, F = 64, T = 8, {size} x {size}, {str(precision)[6:]}",
            "s",
            seconds["ours"],
            seconds["plain"],
            f"plain {str(precision)[6:]} code",
            seconds["floor"],
            "its convolutions and matrix products alone",
            f"differs from plain float32 by {float(error.max()):.1e} at most, "
            f"{float(error.square().mean().sqrt()):.1e} root mean square; as shipped, every estimate made consistent "
            f"with the data, {seconds['shipped']:.3f} s",
        )


def training(rim, problem, repetitions):
    """Yield the seconds of one training step in both precisions."""
    normalised, _ = problem.normalised()
    size = problem.shape[-1]
    target = torch.view_as_real(normalised.zero_filled)

    def step(estimates, precision):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision is torch.bfloat16):
            loss = sum(mse_loss(torch.view_as_real(x), target) for x in estimates(normalised))
        loss.backward()

    precisions = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    functions = {}
    for name, precision in precisions.items():
        functions |= {
            name: lambda precision=precision: step(rim.estimates, precision),
            f"plain {name}": lambda precision=precision: step(lambda p: plain(rim, p), precision),
            f"floor {name}": floor(rim, size, precision, training=True),
        }
    seconds = medians(functions, repetitions)
    for name in precisions:
        yield Row(
            f"RIM, one training step on a {size} x {size} crop, {name}",
            "s",
            seconds[name],
            seconds[f"plain {name}"],
            f"plain {name} code",
            seconds[f"floor {name}"],
            "its convolutions and matrix products alone, both ways",
            f"{seconds['plain float32'] / seconds[name]:.2f} times as fast as plain float32 code",
        )


def rows(size: int = 320, crop: int = 200, repetitions: int = 7, threads: int = 2):
    """Time inference on one slice and a training step on one crop.

    Arguments:
        size: rows and columns of the slice
        crop: of a training step; the paper's is 200
    """
    allocator.keep_freed_blocks()  # as the command line does, for all that is timed here
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    rim = dealias.load("rim", consistency_steps=0)
    problems = []
    for n in (size, crop):
        mask = dealias.sampling.gaussian((n, n), 4, generator=torch.Generator().manual_seed(0))
        problems.append(dealias.Acquisition.simulate(head((n, n)), mask, noise_std=0.001))
    yield from inference(rim, problems[0], repetitions)
    yield from training(rim, problems[1], repetitions)


if __name__ == "__main__":
    show(rows)
