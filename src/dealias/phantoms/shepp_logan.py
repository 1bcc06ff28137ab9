"""Ten ellipses that stand for a head, with the contrast of Toft and an exact Fourier transform.

    K(k) = sum_e g_e exp(-2 pi i k.c_e) a_e b_e J1(2 pi q_e) / q_e,  q_e = |(a_e k.u_e, b_e k.v_e)|

| The Fourier Reconstruction of a Head Section (Shepp and Logan, 1974)
| https://doi.org/10.1109/TNS.1974.6499235
| Representation of the Fourier transform by Fourier series (Van de Walle et al., 2000), equation 15
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.shapes import Image

# grey value, half-axes a and b, centre (right, up), turn of a from the right towards up in degrees;
# lengths in half fields of view
ELLIPSES = (
    (1.0, 0.69, 0.92, 0.0, 0.0, 0.0),
    (-0.8, 0.6624, 0.874, 0.0, -0.0184, 0.0),
    (-0.2, 0.11, 0.31, 0.22, 0.0, -18.0),
    (-0.2, 0.16, 0.41, -0.22, 0.0, 18.0),
    (0.1, 0.21, 0.25, 0.0, 0.35, 0.0),
    (0.1, 0.046, 0.046, 0.0, 0.1, 0.0),
    (0.1, 0.046, 0.046, 0.0, -0.1, 0.0),
    (0.1, 0.046, 0.023, -0.08, -0.605, 0.0),
    (0.1, 0.023, 0.023, 0.0, -0.606, 0.0),
    (0.1, 0.023, 0.046, 0.06, -0.605, 0.0),
)


def shepp_logan(shape: Sequence[int] = (256, 256)) -> Image:
    """Return the phantom (y, x), float32: at every pixel the value at its centre, the outer ellipse 1.

    Arguments:
        shape: rows and columns, whatever their ratio filled by the ellipses.
    """
    y, x = _axes(shape)
    image = torch.zeros(len(y), len(x), dtype=torch.float64)
    # pixel n // 2 is the origin, as for the Fourier transform
    for grey, a, b, right, up, turn in ELLIPSES:
        u, v = _turned(2 * x / len(x) - right, -2 * y[:, None] / len(y) - up, turn)
        image += grey * ((u / a).square() + (v / b).square() <= 1)
    return image.float()


def shepp_logan_kspace(shape: Sequence[int] = (256, 256)) -> Tensor:
    """Return centred k-space (y, x) of the continuous ellipses, complex64, scaled as an orthonormal FFT.

    Its inverse transform is the phantom with the ringing that a finite k-space gives, and no other error.

    Arguments:
        shape: rows and columns.
    """
    y, x = _axes(shape)
    kspace = torch.zeros(len(y), len(x), dtype=torch.complex128)
    # cycles per half field of view; rows run downwards
    right, up = x / 2, -y[:, None] / 2
    for grey, a, b, centre_right, centre_up, turn in ELLIPSES:
        u, v = _turned(right, up, turn)
        radius = torch.hypot(a * u, b * v)
        spectrum = torch.special.bessel_j1(2 * torch.pi * radius) / radius
        spectrum = torch.where(radius == 0, torch.pi, spectrum)
        turns = right * centre_right + up * centre_up
        kspace += grey * a * b * spectrum * torch.exp(-2j * torch.pi * turns)
    # the field of view has an area of 4, and the orthonormal sum over n pixels is sqrt(n) times their mean
    return (kspace * (len(y) * len(x)) ** 0.5 / 4).to(torch.complex64)


def _axes(shape: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return the centred indices of rows and columns."""
    if len(shape) != 2 or min(shape) < 1:
        raise UserError(f"a phantom of shape {tuple(shape)} cannot be drawn; give two positive sizes (y, x)")
    rows, columns = (torch.arange(n, dtype=torch.float64) - n // 2 for n in shape)
    return rows, columns


def _turned(right: Tensor, up: Tensor, degrees: float) -> tuple[Tensor, Tensor]:
    """Return coordinates along the axes a and b of an ellipse that is turned."""
    turn = torch.deg2rad(torch.tensor(degrees, dtype=right.dtype))
    return right * turn.cos() + up * turn.sin(), up * turn.cos() - right * turn.sin()
