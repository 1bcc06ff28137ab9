"""The generator: its loss is the bound that it says, it learns, its sizes; training as a user does."""

import math

import pytest
import torch

from dealias import cards
from dealias.__main__ import execute
from dealias.errors import UserError
from dealias.priors.generator import Generator
from priors.test_score import data  # noqa: F401 - a fixture

SMALL = {"rows": 16, "columns": 16, "length": 3, "features": 4}


def discs(count, generator):
    """Images of one disc each, of random radius."""
    y, x = torch.meshgrid(torch.arange(16.0) - 8, torch.arange(16.0) - 8, indexing="ij")
    radius = 3 + 4 * torch.rand(count, 1, 1, generator=generator)
    return ((radius - (y.square() + x.square()).sqrt()).clamp(0, 1)).to(torch.complex64)


def test_learning_finds_discs():
    torch.manual_seed(0)
    prior, generator = Generator(**SMALL), torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(prior.parameters(), lr=0.005)
    losses = []
    for _ in range(400):
        optimiser.zero_grad()
        loss = prior.loss(discs(16, generator), generator)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] - 1.5
    truth = discs(8, generator)
    with torch.no_grad():
        mean, _ = prior.encoder(truth.real.unsqueeze(1)).chunk(2, 1)
        error = float((prior.decode(mean) - truth.real).square().mean().sqrt())
    spread = float((truth.real - truth.real.mean(0)).square().mean().sqrt())
    assert error < 0.7 * spread


def test_the_bound_by_hand():
    """An encoder that always says N(0, 1) costs nothing; what is left is the normal density of the error."""
    prior = Generator(**SMALL)
    for part in (prior.encoder[-1], prior.decoder[-1]):
        torch.nn.init.zeros_(part.weight)
        torch.nn.init.zeros_(part.bias)
    x = torch.rand(2, 16, 16, generator=torch.Generator().manual_seed(0))
    x[:, 0, 0] = 1
    deviation = math.exp(-2)
    wanted = x.square().mean() / (2 * deviation**2) + math.log(deviation * (2 * math.pi) ** 0.5)
    with torch.no_grad():
        assert float(prior.loss(x, torch.Generator())) == pytest.approx(float(wanted), rel=1e-5)


def test_any_batch_axes():
    prior = Generator(**SMALL)
    with torch.no_grad():
        assert prior.decode(torch.zeros(2, 5, 3)).shape == (2, 5, 16, 16)


@pytest.mark.parametrize("arguments", [{"rows": 24}, {"length": 0}, {"features": 0}])
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="correct them|impossible"):
        Generator(**{**SMALL, **arguments})


@pytest.mark.filterwarnings("ignore:.*LeafSpec", "ignore::DeprecationWarning")
def test_trained_as_a_user_does(data, tmp_path):  # noqa: F811
    fixed = ["train", "-o", str(tmp_path / "run"), "--data", str(data / "train.npy"), "--method", "generator"]
    small = [word for name, value in SMALL.items() for word in (f"--method.{name}", str(value))]
    limits = "--simulation.rows 16 --every 3 --updates 6 --precision float32 --workers 0".split()
    execute([*fixed, "--validation", str(data / "val.npy"), *small, *limits])
    prior = cards.load_prior(tmp_path / "run" / "weights.safetensors")
    assert isinstance(prior, Generator) and prior.size == (16, 16) and not prior.training
