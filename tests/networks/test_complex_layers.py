"""Real layers that are complex ones."""

import pytest
import torch
from torch import nn

from dealias.networks.complex_layers import ComplexNumbers, ModReLU, cardioid, make_complex


def as_complex(x):
    """Channels in pairs (problem, 2 features, y, x) as complex numbers (problem, features, y, x)."""
    return torch.view_as_complex(x.unflatten(1, (-1, 2)).movedim(2, -1).contiguous())


def as_pairs(z):
    return torch.view_as_real(z).movedim(-1, 2).flatten(1, 2)


def test_a_convolution_of_complex_numbers():
    layer = nn.Sequential(nn.Conv2d(6, 8, 3, padding=1)).double()
    make_complex(layer)
    a, b = layer[0].parametrizations.weight.original
    z = torch.randn(2, 3, 7, 6, dtype=torch.complex128)
    wanted = torch.nn.functional.conv2d(z, torch.complex(a, b), padding=1)
    wanted = wanted + torch.view_as_complex(layer[0].bias.reshape(4, 2)).reshape(4, 1, 1)
    assert torch.allclose(as_complex(layer(as_pairs(z))), wanted)
    assert a.shape == (4, 3, 3, 3)
    nothing = as_complex(layer(as_pairs(0 * z)))
    assert torch.allclose(as_complex(layer(as_pairs(1j * z))) - nothing, 1j * (wanted - nothing))


def test_a_product_of_complex_numbers_by_hand():
    numbers = torch.tensor([[[2.0]], [[3.0]]])  # 2 + 3i
    weight = ComplexNumbers()(numbers)
    assert weight.tolist() == [[2, -3], [3, 2]]
    assert (weight @ torch.tensor([5.0, 7.0])).tolist() == [2 * 5 - 3 * 7, 2 * 7 + 3 * 5]
    assert torch.equal(ComplexNumbers().right_inverse(weight), numbers)


def test_mod_relu():
    layer = ModReLU(3).double()
    nn.init.normal_(layer.bias)
    z = torch.randn(2, 3, 5, 4, dtype=torch.complex128)
    assert torch.allclose(as_complex(layer(as_pairs(z))), (z.abs() + layer.bias).relu() * z / z.abs())


def test_cardioid():
    z = torch.randn(2, 3, 5, 4, dtype=torch.complex128)
    assert torch.allclose(as_complex(cardioid(as_pairs(z))), (1 + z.angle().cos()) / 2 * z)
    real = torch.linspace(-1, 1, 9, dtype=torch.float64).to(torch.complex128)[None, None, None]
    assert torch.allclose(as_complex(cardioid(as_pairs(real))).real, real.real.relu())


@pytest.mark.parametrize("activation", [ModReLU(2), cardioid])
def test_activations_have_a_gradient_at_zero(activation):
    x = torch.zeros(1, 4, 2, 2, requires_grad=True)
    activation(x).square().sum().backward()
    assert torch.isfinite(x.grad).all()
