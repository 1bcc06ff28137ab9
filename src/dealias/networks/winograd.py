"""Sums of 3x3 convolutions by Winograd's minimal filtering, F(6x6, 3x3): a fifth of the multiplications.

    sum_k w_k * x_k = A^T [ sum_k (G w_k G^T) o (B^T x_k B) ] A     on each tile of 6x6 pixels, seen through 8x8

| Fast Algorithms for Convolutional Neural Networks (Lavin & Gray, 2015), equation 8 and section 4
| https://arxiv.org/abs/1509.09308

o is a product at each of 64 positions: over channels, and many tiles, a matrix product. So are the transforms. Their
matrices hold powers of eight points. They round ten times as much as a plain convolution: some 1e-5 of the maximum.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dealias.shapes import Channels

POINTS = (0, 0.5, -0.5, 1, -1, 2, -2)  # and infinity
WINDOW = len(POINTS) + 1
TILE = WINDOW - 2
TOGETHER = 64  # tiles at once: their transforms, of 64 channels, take a megabyte
CHANNELS, PIXELS = 48, 64  # from here on, each way, it was faster than PyTorch's convolution


def convolved(*terms: tuple[nn.Conv2d, Channels]) -> Channels:
    """Return the sum of convolutions of images of one size, each by its own layer.

    Those of 3x3 pixels take the fast way on a CPU, in single precision and where no gradient is asked for.
    """
    fast = [term for term in terms if _pays(*term)]
    sums = [minimal(*fast)] if fast else []
    total, *others = sums + [layer(x) for layer, x in terms if not _pays(layer, x)]
    for other in others:
        total = other.add_(total)
    return total


def _pays(layer: nn.Conv2d, x: Tensor) -> bool:
    usual = layer.kernel_size == (3, 3) and layer.padding == (1, 1) and layer.stride == layer.dilation == (1, 1)
    usual &= layer.groups == 1 and layer.padding_mode == "zeros"
    plain = x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu") and not torch.is_grad_enabled()
    large = min(layer.weight.shape[:2]) >= CHANNELS and min(x.shape[2:]) >= PIXELS
    return x.device.type == "cpu" and usual and plain and large


def _powers(count: int) -> Tensor:
    """Return the first powers of each point, those of infinity last."""
    values = torch.zeros(WINDOW, count, dtype=torch.float64)
    values[:-1] = torch.tensor(POINTS, dtype=torch.float64)[:, None] ** torch.arange(count)
    values[-1, -1] = 1
    return values


INPUT = _powers(WINDOW).inverse().T.float().contiguous()  # B^T
FILTER = torch.kron(_powers(3), _powers(3)).float()  # G, of both axes
OUTPUT = _powers(TILE).T.float().contiguous()  # A^T


class _Grid(NamedTuple):
    """The tiles of one block: strips of the image's full width."""

    width: int  # of the image, in pixels
    across: int
    down: int

    @property
    def tiles(self) -> int:
        return self.across * self.down


class _Source:
    """An image (y, x * channel) whose tiles are read as transforms (position, tile, channel).

    Arguments:
        spaces: two of them, overwritten by everyone; the transforms lie in the second.
    """

    def __init__(self, image: Tensor, channels: int, grid: _Grid, spaces: Tensor) -> None:
        self.image = image
        strips = image.new_zeros(grid.down, WINDOW, (TILE * grid.across + 2) * channels)
        self.strips = strips[:, :, channels : (grid.width + 1) * channels].unbind()  # between margins of zeros
        strip, row, _ = strips.stride()
        shape = WINDOW, WINDOW, grid.down, grid.across, channels  # x and y in a window, the tile
        self.overlapping = strips.as_strided(shape, (channels, row, strip, TILE * channels, 1))
        first, second = spaces[:, : self.overlapping.numel()]
        self.windows, self.columns = first.view(shape), first.view(WINDOW, -1)
        self.transformed, self.transforms = second.view(WINDOW, -1), second.view(WINDOW**2, -1, channels)

    def read(self, tops: Sequence[int]) -> Tensor:
        """Return the transforms of the strips that begin at these rows."""
        for top, strip in zip(tops, self.strips, strict=False):
            rows = self.image[max(top - 1, 0) : top - 1 + WINDOW]
            beyond = 1 if top == 0 else 0  # rows outside of the image are zero
            torch.mm(INPUT if len(rows) == WINDOW else INPUT[:, beyond : beyond + len(rows)], rows, out=strip)
        self.windows.copy_(self.overlapping)
        torch.mm(INPUT, self.columns, out=self.transformed)
        return self.transforms


class _Target:
    """An image (y, x * channel) that is written from transforms (position, tile * channel)."""

    def __init__(self, image: Tensor, bias: Tensor | None, channels: int, grid: _Grid, spaces: Tensor) -> None:
        self.image, self.bias = image, bias
        first, second = spaces[:, : TILE * WINDOW * grid.tiles * channels]
        self.transformed = first.view(TILE, -1)
        self.columns = first.view(TILE, WINDOW, grid.down, grid.across, channels).permute(2, 1, 3, 0, 4)
        strips = second.view(grid.down, WINDOW, -1)
        self.lines = strips.view(grid.down, WINDOW, grid.across, TILE, channels)
        self.strips = strips[:, :, : grid.width * channels].unbind()

    def write(self, transforms: Tensor, tops: Sequence[int]) -> None:
        """Fill the strips that begin at these rows."""
        torch.mm(OUTPUT, transforms, out=self.transformed)
        self.lines.copy_(self.columns)
        for top, strip in zip(tops, self.strips, strict=False):
            rows = self.image[top : top + TILE]
            torch.mm(OUTPUT if len(rows) == TILE else OUTPUT[: len(rows)], strip, out=rows)
            if self.bias is not None:
                rows.view(-1, len(self.bias)).add_(self.bias)


def minimal(*terms: tuple[nn.Conv2d, Channels]) -> Channels:
    """Return the sum of 3x3 convolutions, padded by zeros, in single precision and without gradients."""
    layers, inputs = zip(*terms, strict=True)
    kernels = [FILTER @ layer.weight.permute(3, 2, 1, 0).reshape(9, -1) for layer in layers]
    kernels = [kernel.view(WINDOW**2, x.shape[1], -1) for kernel, x in zip(kernels, inputs, strict=True)]
    biases = [layer.bias for layer in layers if layer.bias is not None]
    bias = torch.stack(biases).sum(0) if biases else None
    (problems, _, height, width), outputs = inputs[0].shape, layers[0].out_channels
    across, down = -(-width // TILE), -(-height // TILE)
    grid = _Grid(width, across, min(max(TOGETHER // across, 1), down))
    images = [x.movedim(1, -1).reshape(problems, height, -1) for x in inputs]
    result = inputs[0].new_empty(problems, height, width * outputs)

    def fill(blocks: Sequence[int]) -> None:
        sums = result.new_empty(WINDOW**2, grid.tiles, outputs)
        spaces = result.new_empty(2, WINDOW**2 * grid.tiles * max(outputs, *(x.shape[1] for x in inputs)))
        for image, *seen in zip(result, *images, strict=True):
            sources = [_Source(line, line.shape[-1] // width, grid, spaces) for line in seen]
            target = _Target(image, bias, outputs, grid, spaces)
            for top in blocks:
                tops = range(top, min(top + TILE * grid.down, height), TILE)
                for k, (source, kernel) in enumerate(zip(sources, kernels, strict=True)):
                    torch.baddbmm(sums, source.read(tops), kernel, beta=min(k, 1), out=sums)
                target.write(sums.view(WINDOW, -1), tops)

    _shared(fill, range(0, height, TILE * grid.down))
    return result.view(problems, height, width, outputs).movedim(-1, 1)


def _shared(work: Callable[[Sequence[int]], None], blocks: Sequence[int]) -> None:
    """Do the work, divided among as many Python threads as PyTorch has: they wait for each other but once.

    PyTorch's own threads would after each of many small products, on a busy machine for long.
    """
    threads = torch.get_num_threads()
    if threads == 1:
        return work(blocks)
    inference = torch.is_inference_mode_enabled()  # each thread has its own mode, and only that one may write

    def share(blocks: Sequence[int]) -> None:
        with torch.inference_mode(inference):
            work(blocks)

    try:
        list(_workers(threads).map(share, [blocks[k::threads] for k in range(min(threads, len(blocks)))]))
    finally:
        torch.set_num_threads(threads)  # what a new worker set is also what other new threads would begin with


@cache
def _workers(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))


if hasattr(os, "register_at_fork"):  # a forked process has none of the threads that its copy of the pool knows
    os.register_at_fork(after_in_child=_workers.cache_clear)
