"""A gated recurrent unit at every pixel, its weights shared over pixels (1x1 convolutions).

    r = sig(W_r x + U_r h + b_r),  z = sig(W_z x + U_z h + b_z),  n = tanh(W_n x + U_n (r h) + b_n)
    h' = z h + (1 - z) n

| Learning Phrase Representations using RNN Encoder-Decoder (Cho et al., 2014), section 2.3
| https://arxiv.org/abs/1406.1078

In channels_last a 1x1 convolution is a matrix product on (pixels, channels). It runs over blocks of pixels
whose gates stay in the cache.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from dealias.shapes import Channels

BLOCK = 8192  # bytes of one channel: 2048 pixels in float32, whose gates fill a core's cache
sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
tanh_backward = torch.ops.aten.tanh_backward.grad_input


class ConvGRU(nn.Module):
    """The unit; maps an input (problem, inputs, *space) and a state (problem, features, *space) to a state.

    Arguments:
        inputs: channels of the input.
        features: channels of the state.
    """

    def __init__(self, inputs: int, features: int) -> None:
        super().__init__()
        self.input = nn.Linear(inputs, 3 * features)
        self.gates = nn.Linear(features, 2 * features, bias=False)
        self.candidate = nn.Linear(features, features, bias=False)

    def forward(self, x: Channels, state: Channels | None) -> Channels:
        """Return the next state; None is a zero state and costs nothing."""
        device = x.device.type
        if torch.is_autocast_enabled(device):
            x = x.to(torch.get_autocast_dtype(device))
        pixels = x.movedim(1, -1)
        shape = (*pixels.shape[:-1], self.candidate.in_features)
        before = None if state is None else state.to(x.dtype).movedim(1, -1).reshape(-1, shape[-1])
        weights = (self.input.weight, self.input.bias, self.gates.weight, self.candidate.weight)
        keep = torch.is_grad_enabled()
        with torch.autocast(device, enabled=False):
            after: Tensor = _Cell.apply(keep, pixels.reshape(-1, pixels.shape[-1]), before, *weights)  # type: ignore[no-untyped-call]
        return after.reshape(shape).movedim(-1, 1)


def _gates(x: Tensor, h: Tensor | None, weights: list[Tensor], out: Tensor) -> Tensor:
    """Fill `out` (pixels, 3 features) with r, z and n of a block of pixels; without a state r is left empty."""
    w, b, u, v = weights
    features = v.shape[0]
    if h is None:
        torch.addmm(b[features:], x, w[features:].T, out=out[:, features:])
        out[:, features : 2 * features].sigmoid_()
    else:
        torch.addmm(b, x, w.T, out=out)
        out[:, : 2 * features].addmm_(h, u.T).sigmoid_()
        out[:, 2 * features :].addmm_(out[:, :features] * h, v.T)
    n = out[:, 2 * features :]
    if n.dtype == torch.bfloat16:
        n.tanh_()
    else:  # 2 sig(2 a) - 1 is four times as fast on a CPU, but too coarse near zero in bfloat16
        n.mul_(2).sigmoid_().mul_(2).sub_(1)
    return out


class _Cell(torch.autograd.Function):
    """One update of all pixels (pixels, channels), blocked forwards and backwards."""

    @staticmethod
    def forward(ctx: Any, keep: bool, x: Tensor, h: Tensor | None, *weights: Tensor) -> Tensor:
        cast = [value.to(x.dtype) for value in weights]
        pixels, features, size = x.shape[0], weights[-1].shape[0], BLOCK // x.element_size()
        gates = x.new_empty(pixels if keep else min(pixels, size), 3 * features)
        after = x.new_empty(pixels, features)
        for start in range(0, pixels, size):
            block = slice(start, min(start + size, pixels))
            before = None if h is None else h[block]
            _, z, n = _gates(x[block], before, cast, gates[block] if keep else gates[: block.stop - start]).chunk(3, 1)
            if before is None:
                torch.addcmul(n, z, n, value=-1, out=after[block])
            else:
                torch.lerp(n, before, z, out=after[block])
        if keep:
            ctx.save_for_backward(x, h, gates, *cast)
        return after

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, h, gates, w, b, u, v = ctx.saved_tensors
        features = v.shape[0]
        dx, dh = torch.empty_like(x), None if h is None else torch.empty_like(h)
        dw, db, du, dv = [
            torch.zeros_like(value, dtype=torch.promote_types(value.dtype, torch.float32)) for value in (w, b, u, v)
        ]
        size = BLOCK // x.element_size()
        ones = x.new_ones(1, size)  # sums over pixels by a product, which bfloat16 does without a copy
        for start in range(0, x.shape[0], size):
            block = slice(start, start + size)
            seen, g = x[block], grad[block]
            r, z, n = gates[block].chunk(3, 1)
            raw = torch.empty_like(gates[block])
            dr, dz, dn = raw.chunk(3, 1)
            kept = g * z
            tanh_backward(g - kept, n, grad_input=dn)
            if h is None or dh is None:
                sigmoid_backward(-g * n, z, grad_input=dz)
                raw = raw[:, features:]
                torch.mm(raw, w[features:], out=dx[block])
                dw[features:] += raw.T @ seen
                db[features:] += (ones[:, : len(g)] @ raw)[0]
                continue
            before = h[block]
            sigmoid_backward((before - n).mul_(g), z, grad_input=dz)
            through = dn @ v
            sigmoid_backward(through * before, r, grad_input=dr)
            both = raw[:, : 2 * features]
            torch.mm(raw, w, out=dx[block])
            torch.addmm(kept.addcmul_(through, r), both, u, out=dh[block])
            dw += raw.T @ seen
            db += (ones[:, : len(g)] @ raw)[0]
            du += both.T @ before
            dv += dn.T @ (r * before)
        return None, dx, dh, dw, db, du, dv
