"""The U-Net as a method."""

import pytest
import torch

from dealias.errors import UserError
from dealias.methods.unet import UNet
from dealias.training.example import Example
from dealias.training.losses import squared_error
from problems import film, inpainting

SMALL = {"features": 4, "poolings": 2}


def test_parameters():
    assert sum(value.numel() for value in UNet().parameters()) == 1_923_393
    assert sum(value.numel() for value in UNet(poolings=4).parameters()) == 7_756_097


@pytest.mark.parametrize("input", ["image", "kspace"])
@pytest.mark.parametrize("output", ["magnitude", "complex", "pair"])
def test_what_it_makes(input, output):
    torch.manual_seed(0)
    problem = film(batch=()).normalised()[0]
    (x,) = UNet(**SMALL, input=input, output=output).estimates(problem)
    turned = (x * problem.zero_filled.conj()).angle().abs()
    kept = bool(((turned < 1e-3) | (turned > torch.pi - 1e-3)).all())  # an untrained magnitude may be negative
    assert kept == (output == "magnitude")


def test_the_network_sees_zero_mean_and_unit_variance():
    seen = []
    method = UNet(**SMALL)
    method.network.register_forward_hook(lambda module, given, made: seen.append(given[0]))
    list(method.estimates(film(batch=()).normalised()[0]))
    assert abs(float(seen[0].mean())) < 1e-6 and float(seen[0].std()) == pytest.approx(1, abs=1e-5)


def test_kspace_comes_centred():
    seen = []
    method = UNet(**SMALL, input="kspace", normalised=False)
    method.network.register_forward_hook(lambda module, given, made: seen.append(given[0]))
    problem = film(batch=(), coils=1).normalised()[0]
    list(method.estimates(problem))
    assert torch.allclose(seen[0].square().sum((0, 1)).sqrt(), problem.centred_kspace[0].abs(), atol=1e-5)


@pytest.mark.parametrize("output", ["magnitude", "complex", "pair"])
def test_it_learns_one_sample(output):
    torch.manual_seed(0)
    method, problem = UNet(**SMALL, output=output), film(coils=1, batch=()).normalised()[0]
    target = problem.zero_filled.roll(1, -1).abs() * problem.zero_filled.sgn()
    optimizer = torch.optim.Adam(method.parameters(), 1e-2)
    losses = []
    for _ in range(80):
        optimizer.zero_grad()
        loss = squared_error(method.estimates(problem), Example(problem, target))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]


@pytest.mark.parametrize("arguments", [{"input": "kspace"}, {"output": "complex"}, {"output": "pair"}])
def test_a_real_problem_is_refused_where_complex_numbers_are_needed(arguments):
    with pytest.raises(UserError, match="complex data"):
        UNet(**SMALL, **arguments)(inpainting())
