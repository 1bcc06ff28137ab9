"""Every operator is adjoint to its adjoint, in double precision: single precision sees no missing conjugate."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dealias import find
from dealias.linear_operator import Adjoint
from dealias.operators.cartesian import Cartesian
from dealias.operators.finite_difference import FiniteDifference
from dealias.operators.resize import Resize
from dealias.operators.temporal_fourier import TemporalFourier
from dealias.operators.wavelet import Wavelet
from dealias.testing import assert_adjoint
from problems import Missing, coil_maps

sizes = st.integers(1, 40)


def cartesian(batch, y, x, generator):
    mask = torch.rand(1, 1, y, x, generator=generator) < 0.5
    maps = coil_maps(3, y, x).to(torch.complex128)[None]
    return Cartesian(mask, maps), (batch, 3, y, x)


def one_coil(batch, y, x, generator):
    return Cartesian(torch.rand(batch, 1, y, x, generator=generator) < 0.5), (batch, 1, y, x)


def lines(batch, y, x, generator):
    """Whole lines along y or x, which a mask may say by its shape or by its values; or all, or none."""
    shape = [(y, 1), (1, x), (1, 1)][torch.randint(3, (), generator=generator)]
    mask = torch.rand(batch, 1, *shape, generator=generator) < 0.5
    written_out = torch.rand((), generator=generator) < 0.5
    maps = coil_maps(3, y, x).to(torch.complex128)[None]
    return Cartesian(mask.expand(batch, 1, y, x) if written_out else mask, maps), (batch, 3, y, x)


def wavelet(batch, y, x, generator):
    return Wavelet(), (batch, y, x)


def finite_difference(batch, y, x, generator):
    return FiniteDifference(), (batch, 2, y, x)


def temporal_fourier(batch, y, x, generator):
    return TemporalFourier(), (batch, y, x)


def resize(batch, y, x, generator):
    size = tuple(torch.randint(1, 41, (2,), generator=generator).tolist())
    return Resize((y, x), size), (batch, *size)


def composed(batch, y, x, generator):
    operator, shape = cartesian(batch, y, x, generator)
    return operator @ Wavelet().H @ Missing(torch.rand(y, x, generator=generator) < 0.5), shape


def test_every_operator_is_here():
    assert find.names("operators") == [
        "cartesian",
        "dipole",
        "finite_difference",
        "resize",
        "soft_sense",
        "temporal_fourier",
        "wavelet",
    ]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([cartesian, one_coil, lines, wavelet, finite_difference, temporal_fourier, resize, composed]),
    st.integers(1, 3),
    sizes,
    sizes,
    st.integers(0, 99),
)
def test_adjoint_and_normal(make, batch, y, x, seed):
    generator = torch.Generator().manual_seed(seed)
    operator, shape = make(batch, y, x, generator)
    image = torch.randn(batch, y, x, dtype=torch.complex128, generator=generator)
    data = torch.randn(shape, dtype=torch.complex128, generator=generator)
    assert_adjoint(operator, image, data)
    assert_adjoint(operator.H, data, image)


def test_the_adjoint_of_the_adjoint_is_the_operator():
    operator = Wavelet()
    assert isinstance(operator.H, Adjoint)
    assert operator.H.H is operator


@settings(max_examples=20, deadline=None)
@given(sizes, sizes)
def test_cartesian_is_the_textbook_transform(y, x):
    """Against the sum written out, centred in image and k-space."""
    from dealias.fft_order import to_centred, to_fft_order

    image = torch.randn(y, x, dtype=torch.complex128)
    rows = torch.arange(y, dtype=torch.float64) - y // 2
    columns = torch.arange(x, dtype=torch.float64) - x // 2
    left = torch.exp(-2j * torch.pi * rows[:, None] * rows / y) / y**0.5
    right = torch.exp(-2j * torch.pi * columns[:, None] * columns / x) / x**0.5
    wanted = left @ image @ right
    inside = Cartesian(torch.ones(1, y, x, dtype=torch.bool))(image)
    assert (to_centred(inside)[0] - wanted).abs().max() <= 1e-12 * wanted.abs().max()
    assert (to_fft_order(wanted) - inside[0]).abs().max() <= 1e-12 * wanted.abs().max()
