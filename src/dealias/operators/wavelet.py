"""Orthogonal wavelet transform of images: Daubechies' eight taps, periodised, separable, for any size.

One level turns the sample pairs of an axis into pairs of a coarse and a detail coefficient, in their place:

    w_{2k} = sum_j h_j x_{2k+j-3},  w_{2k+1} = sum_j (-1)^j h_{7-j} x_{2k+j-3},  indices modulo the axis

so the coarse image lies at the even rows and columns, and the next level works there. On even sizes these
are the numbers of PyWavelets (`wavedec2`, wavelet "db4", mode "periodization"), interleaved: of level 1,
w[1::2, 0::2] is its horizontal, w[0::2, 1::2] its vertical and w[1::2, 1::2] its diagonal detail. An odd axis
leaves its last sample, of even index, to the coarse image as it is: the transform stays exactly orthogonal.

| Orthonormal bases of compactly supported wavelets (Daubechies, 1988), table 1
| https://doi.org/10.1002/cpa.3160410705
"""

from functools import lru_cache
from math import log

import torch
from torch import Tensor

from dealias.linear_operator import LinearOperator
from dealias.shapes import Image

TAPS = (
    0.23037781330889645,
    0.71484657055291556,
    0.63088076792985903,
    -0.027983769416859591,
    -0.18703481171909309,
    0.030841381835560629,
    0.032883011666885169,
    -0.010597401785069018,
)
BLOCK = 16  # samples that one small matrix product makes; measured fastest of 16, 32, 64 and the dense matrix
REACH = 4  # samples beyond its block that it sees on either side


class Wavelet(LinearOperator):
    """From an image (*batch, y, x) to as many coefficients, complex or real.

    Arguments:
        levels: at most so many; a level needs 16 samples on both axes, so a tiny image stays as it is.
    """

    def __init__(self, levels: int = 3) -> None:
        self.levels = levels

    def forward(self, x: Image) -> Image:
        """Return the coefficients, coarse ones at the rows and columns that 2**levels divides."""
        analysis, _ = _blocks(x.real.dtype, x.device)
        for stride in self._strides(x):
            coarse = _filtered(_filtered(x[..., ::stride, ::stride], analysis).mT, analysis).mT
            x = coarse if stride == 1 else _replaced(x, stride, coarse)
        return x

    def adjoint(self, y: Image) -> Image:
        """Return the image of these coefficients."""
        _, synthesis = _blocks(y.real.dtype, y.device)
        x = y.clone()
        for stride in reversed(self._strides(y)):
            fine = _filtered(_filtered(x[..., ::stride, ::stride], synthesis).mT, synthesis).mT
            x = fine if stride == 1 else _replaced(x, stride, fine)
        return x

    def normal(self, x: Image) -> Image:
        """Return x: the transform is orthogonal."""
        return x

    def _strides(self, x: Tensor) -> list[int]:
        shortest = min(x.shape[-2:])
        return [2**level for level in range(self.levels) if -(-shortest // 2**level) >= BLOCK]


def finest_diagonal(coefficients: Image) -> Tensor:
    """Return the details of the first level in both directions: mostly noise, and aliasing like noise."""
    return coefficients[..., 1::2, 1::2]


def noise_deviation(coefficients: Image) -> Tensor:
    """Return the standard deviation of noise, in each part, that the finest diagonal details show (*batch, 1, 1).

    The median of a complex magnitude is sqrt(2 ln 2) deviations of one part; of a real number's, 0.6745.

    | Ideal spatial adaptation by wavelet shrinkage (Donoho and Johnstone, 1994), section 4
    | https://doi.org/10.1093/biomet/81.3.425
    """
    details = finest_diagonal(coefficients).abs().flatten(-2)
    if not details.shape[-1]:  # an axis of one pixel
        return details.new_zeros((*details.shape[:-1], 1, 1))
    median = details.median(-1).values[..., None, None]
    return median / ((2 * log(2)) ** 0.5 if coefficients.is_complex() else 0.6745)


def _replaced(x: Tensor, stride: int, coarse: Tensor) -> Tensor:
    x[..., ::stride, ::stride] = coarse
    return x


def _filtered(x: Tensor, blocks: Tensor) -> Tensor:
    """Return one level along the rows' axis: a banded matrix, as one small matrix for every block of rows."""
    rows = x.shape[-2]
    even = rows - rows % 2
    body = x[..., :even, :]
    padded = torch.cat((body[..., -REACH:, :], body, body[..., : REACH + -even % BLOCK, :]), -2)
    real = torch.view_as_real(padded).flatten(-2) if x.is_complex() else padded
    windows = real.unfold(-2, BLOCK + 2 * REACH, BLOCK).mT
    new = (blocks @ windows).flatten(-3, -2)[..., :even, :]
    if x.is_complex():
        new = torch.view_as_complex(new.reshape(*new.shape[:-1], -1, 2))
    return new if rows == even else torch.cat((new, x[..., even:, :]), -2)


@lru_cache(maxsize=8)
def _blocks(dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return a block of rows of the analysis matrix, and of its transpose, the synthesis."""
    size = BLOCK + 2 * REACH
    ring = torch.zeros(size, size, dtype=torch.float64)
    for row in range(0, size, 2):
        for j, tap in enumerate(TAPS):
            ring[row, (row + j - 3) % size] = tap
            ring[row + 1, (row + 4 - j) % size] = tap if j % 2 else -tap
    inner = slice(REACH, REACH + BLOCK)
    return ring[inner].to(device, dtype), ring.mT[inner].contiguous().to(device, dtype)
