"""The complex-valued RIM."""

import pytest
import torch

from dealias.errors import UserError
from dealias.methods.complex_rim import ComplexRIM
from dealias.methods.rim import RIM
from dealias.training.example import Example
from dealias.training.losses import squared_error
from problems import film, inpainting

SMALL = {"features": 4, "iterations": 2}


def test_parameters():
    """Two real numbers for each complex one: of the layers that the RIM's card lists, with complex biases."""
    features = 64
    inwards, between, outwards = 2 * features * 25, features**2 * 9, features * 9
    unit = 6 * features**2
    biases = 2 * features + 1 + 2 * 3 * features
    wanted = 2 * (inwards + between + outwards + 2 * unit + biases)
    assert sum(value.numel() for value in ComplexRIM().parameters()) == wanted


def test_one_step_in_complex_arithmetic():
    """The first step against the equations, written with complex tensors; the state is zero."""
    torch.manual_seed(0)
    method = ComplexRIM(features=3, iterations=1).double()
    problem = film(coils=2, batch=()).normalised()[0].to(dtype=torch.float64)

    def weight(layer):
        a, b = layer.parametrizations.weight.original
        return torch.complex(a, b), torch.view_as_complex(layer.bias.reshape(-1, 2))

    def convolution(layer, z):
        w, b = weight(layer)
        return torch.nn.functional.conv2d(z, w, b, padding=w.shape[-1] // 2)

    def split(function, z):
        return torch.complex(function(z.real), function(z.imag))

    def weighed(gate, z):
        return torch.complex(gate.real * z.real, gate.imag * z.imag)

    def unit(gru, z):
        w, b = weight(gru.input)
        raw = torch.einsum("oi,piyx->poyx", w, z) + b[:, None, None]
        _, gate, candidate = raw.chunk(3, 1)
        return weighed(split(lambda part: 1 - torch.sigmoid(part), gate), split(torch.tanh, candidate))

    x = problem.zero_filled
    rim = method.rim
    with torch.no_grad():
        seen = torch.stack((x, problem.gradient(x)))[None]
        first = unit(rim.units[0], split(torch.relu, convolution(rim.inwards, seen)))
        second = unit(rim.units[1], split(torch.relu, convolution(rim.between, first)))
        wanted = x + convolution(rim.outwards, second)[0, 0]
        (image,) = method.estimates(problem)
    assert torch.allclose(image, wanted, atol=1e-12)


@pytest.mark.parametrize("activation", ["split", "mod_relu", "cardioid"])
def test_gradients_are_those_of_real_and_imaginary_parts(activation):
    """Finite differences of a real loss along the real and the imaginary part of complex weights."""
    torch.manual_seed(0)
    method = ComplexRIM(features=2, iterations=2, activation=activation).double()
    problem = film(coils=2, batch=()).normalised()[0].to(dtype=torch.float64)
    target = problem.zero_filled * (1 + 0.3j)
    squared_error(method.estimates(problem), Example(problem, target)).backward()
    parts = method.rim.between.parametrizations.weight.original
    for part in (0, 1):
        place = (part, 1, 0, 1, 2)
        values = []
        for step in (1e-6, -1e-6):
            with torch.no_grad():
                parts[place] += step
                values.append(squared_error(method.estimates(problem), Example(problem, target)).item())
                parts[place] -= step
        slope = (values[0] - values[1]) / 2e-6
        assert abs(slope) > 1e-8
        assert float(parts.grad[place]) == pytest.approx(slope, rel=1e-5)


def test_it_learns_one_sample():
    torch.manual_seed(0)
    method, problem = ComplexRIM(features=6, iterations=3), film(coils=1, batch=()).normalised()[0]
    generator = torch.Generator().manual_seed(1)
    target = problem.zero_filled + 0.1 * torch.randn(problem.shape, dtype=torch.complex64, generator=generator)
    optimizer = torch.optim.Adam(method.parameters(), 1e-2)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = squared_error(method.estimates(problem), Example(problem, target))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]


def test_a_real_problem_is_refused():
    with pytest.raises(UserError, match="complex data"):
        ComplexRIM(**SMALL)(inpainting())


def test_the_number_of_steps_is_free_and_the_real_one_is_another_network():
    method, problem = ComplexRIM(**SMALL), film()
    method.iterations = 5
    assert len(list(method.estimates(problem.normalised()[0]))) == 5
    assert not any("parametrizations" in name for name in RIM(8).state_dict())
