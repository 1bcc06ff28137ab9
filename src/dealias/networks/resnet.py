"""The residual network of deep basis pursuit.

    x + B_n(... B_1(x)),  B(h) = S h + K_2 relu(K_1 relu(h)),  S = 1 or a 1x1 convolution where the channels change

| Unsupervised Deep Basis Pursuit: Learning inverse problems without ground-truth data (Tamir et al., 2019)
| https://arxiv.org/abs/1910.13110
| Identity Mappings in Deep Residual Networks (He et al., 2016), figure 4e | https://arxiv.org/abs/1603.05027

As in the authors' DeepInPy: no biases, borders reflected, and no relu within the last block.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from dealias.networks.borders import mirrored
from dealias.shapes import Channels


class ResNetwork(nn.Module):
    """Maps channels (problem, channel, y, x) of any size to as many; 815,616 parameters by default.

    Arguments:
        channels: of what comes in and goes out.
        features: channels between.
        blocks: of two convolutions each, two at least.
        size: side of the kernels, an odd number.
    """

    def __init__(self, channels: int = 2, features: int = 64, blocks: int = 3, size: int = 7) -> None:
        super().__init__()
        widths = [channels, *[features] * (blocks - 1), channels]
        self.blocks = nn.ModuleList(
            _Block(before, after, features, size, last=after_all == blocks)
            for after_all, (before, after) in enumerate(zip(widths, widths[1:], strict=False), 1)
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Channels) -> Channels:
        """Return the input and what the blocks add to it."""
        h = x
        for block in self.blocks:
            h = block(h)
        return x + h


class _Block(nn.Module):
    def __init__(self, before: int, after: int, features: int, size: int, *, last: bool) -> None:
        super().__init__()
        self.last = last
        self.first = nn.Conv2d(before, features, size, bias=False)
        self.second = nn.Conv2d(features, after, size, bias=False)
        self.shortcut: nn.Module = nn.Conv2d(before, after, 1, bias=False) if before != after else nn.Identity()

    def forward(self, h: Channels) -> Channels:
        inner = _convolved(h.relu(), self.first.weight)
        return self.shortcut(h) + _convolved(inner if self.last else inner.relu(), self.second.weight)


def _convolved(x: Channels, kernel: Tensor) -> Channels:
    return conv2d(mirrored(x, kernel.shape[-1] // 2, edges_twice=False), kernel)
