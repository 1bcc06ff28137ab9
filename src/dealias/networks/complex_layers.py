"""Layers of complex numbers inside real ones.

A complex number is a pair of neighbouring channels, its real and its imaginary part, so that (a + ib)(c + id) is the
real 2x2 matrix [[a, -b], [b, a]] on such a pair: a complex convolution is a real one of twice the channels whose
weights keep that form. PyTorch's gradients of the parts are the Wirtinger derivative of a real loss.

| Deep Complex Networks (Trabelsi et al., 2018), section 3.2, and 3.4 for split and other non-linearities
| https://arxiv.org/abs/1705.09792
"""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


class ComplexNumbers(nn.Module):
    """The real weights (2 out, 2 in, *kernel) of a layer whose parameters are complex (2, out, in, *kernel)."""

    def forward(self, parts: Tensor) -> Tensor:
        """Return the matrices of the numbers; parts: the real ones, then the imaginary ones."""
        a, b = parts
        rows = torch.stack((torch.stack((a, -b), 2), torch.stack((b, a), 2)), 1)
        return rows.flatten(2, 3).flatten(0, 1)

    def right_inverse(self, weight: Tensor) -> Tensor:
        """Return the numbers that the first column of every matrix holds."""
        return torch.stack((weight[::2, ::2], weight[1::2, ::2]))


def make_complex(module: nn.Module) -> None:
    """Turn every convolution and linear layer, of an even number of channels, into one of complex numbers."""
    for layer in list(module.modules()):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            parametrize.register_parametrization(layer, "weight", ComplexNumbers())


class ModReLU(nn.Module):
    """relu(|z| + b) z / |z|, b learned for each complex channel; the phase stays.

    | Unitary Evolution Recurrent Neural Networks (Arjovsky et al., 2016), equation 8
    | https://arxiv.org/abs/1511.06464

    Arguments:
        features: complex channels.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(features, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the activation of (problem, 2 features, y, x)."""
        pairs, size = _pairs(x)
        smallest = torch.finfo(size.dtype).tiny
        return (pairs * ((size + self.bias).relu() / size.clamp_min(smallest)).unsqueeze(2)).flatten(1, 2)


def cardioid(x: Tensor) -> Tensor:
    """Return (1 + cos phase(z)) z / 2 of (problem, 2 features, y, x): relu for real numbers, smooth in the phase.

    | Better than real: complex-valued neural nets for MRI fingerprinting (Virtue et al., 2017), equation 6
    | https://arxiv.org/abs/1707.00070
    """
    pairs, size = _pairs(x)
    cosine = pairs[:, :, 0] / size.clamp_min(torch.finfo(size.dtype).tiny)
    return (pairs * ((1 + cosine) / 2).unsqueeze(2)).flatten(1, 2)


def _pairs(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return channels as (problem, features, 2, y, x), and the magnitudes."""
    pairs = x.unflatten(1, (-1, 2))
    square = pairs.square().sum(2)
    # the root has no derivative at zero, where neither activation needs one
    return pairs, torch.where(square > 0, square, 1).sqrt() * (square > 0)
