"""The flow: back to 1e-5, the determinant of autograd, a density of one; learning; sizes; training as a user does."""

import math

import pytest
import torch

from dealias import cards
from dealias.__main__ import execute
from dealias.errors import UserError
from dealias.priors.flow import Flow
from dealias.testing import assert_close
from priors.test_score import data  # noqa: F401 - a fixture

SMALL = {"rows": 8, "columns": 4, "levels": 2, "steps": 2, "features": 5, "bins": 4}


def bent(dtype=torch.float64, **others):
    """A flow that is far from the identity, and images."""
    torch.manual_seed(0)
    flow = Flow(**{**SMALL, **others}).to(dtype)
    with torch.no_grad():
        for value in flow.parameters():
            value += 0.1 * torch.randn_like(value)
    return flow, torch.rand(2, 3, *flow.size, dtype=dtype, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
def test_there_and_back(dtype, tolerance):
    flow, x = bent(dtype, rows=16, columns=16, levels=3)
    with torch.no_grad():
        z, _ = flow.encode(x)
        back, log_prob = flow.decode(z)
        assert z.shape == (2, 3, 256) and not torch.allclose(z.std(), x.std(), rtol=0.1)
        assert_close(back, x, tolerance, "there and back")
        assert_close(log_prob, flow.log_prob(x), tolerance, "the same density both ways")


def test_the_determinant_is_that_of_autograd():
    flow, x = bent()
    jacobian = torch.autograd.functional.jacobian(lambda image: flow.encode(image)[0], x[0, 0])
    _, wanted = torch.linalg.slogdet(jacobian.reshape(flow.length, flow.length))
    greys = flow.length * math.log(flow.greys - 1)  # x is in units of the maximum, the density in grey levels
    assert_close(flow.encode(x)[1][0, 0], wanted - greys, 1e-10, "log |det|")


def test_it_is_a_density():
    """The mean of q / p over samples of p is one for any density q where p is: here a narrow normal one."""
    flow, _ = bent(rows=2, columns=2, levels=1, steps=2, bits=1)
    z = torch.randn(20_000, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        x, log_prob = flow.decode(z)
        greys = (flow.greys - 1) * (x - x.mean())
        deviation = greys.std() / 2
        other = -(greys / deviation).square().sum((-2, -1)) / 2 - 4 * (deviation * (2 * math.pi) ** 0.5).log()
    assert float((other - log_prob).exp().mean()) == pytest.approx(1, abs=0.1)


def test_learning_finds_the_bits_of_grey_levels():
    """Images of one uniform grey of 16 per pixel have 4 bits; if all are dark, none."""
    torch.manual_seed(0)
    flow, generator = Flow(**{**SMALL, "bins": 8}), torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(flow.parameters(), lr=0.01)
    for _ in range(150):
        dark = torch.zeros(16, 8, 4, dtype=torch.complex64)
        dark[:, 0, 0] = 1  # the largest, for scale
        optimiser.zero_grad()
        loss = flow.loss(dark, generator)
        loss.backward()
        optimiser.step()
    assert 0 < float(loss.detach()) < 0.6
    noise = torch.rand(16, 8, 4, generator=generator)
    with torch.no_grad():
        assert float(flow.bits(noise).mean()) > 4


def test_images_are_averaged_over_areas_to_its_size():
    flow = Flow(**SMALL)
    image = torch.rand(3, 8, 4)
    image[:, 0, 0] = 1
    large = image.repeat_interleave(3, -2).repeat_interleave(2, -1) * torch.polar(torch.tensor(2.0), torch.tensor(1.0))
    with torch.no_grad():
        losses = [float(flow.loss(x, torch.Generator().manual_seed(1))) for x in (image, large)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_samples_are_the_same_with_the_same_seed_and_tamer_when_cold():
    flow, _ = bent(torch.float32)
    with torch.no_grad():
        first, again, cold = (
            flow.sample(5, torch.Generator().manual_seed(3), temperature) for temperature in (1.0, 1.0, 0.0)
        )
    assert first.shape == (5, *flow.size) and torch.equal(first, again)
    assert first.std(0).mean() > 0.01
    assert_close(cold[1:], cold[:1].expand(4, -1, -1), 1e-5, "at zero there is one image")


@pytest.mark.parametrize("wanted", [(0, 1.0), (3, -0.5), (3, math.nan)])
def test_samples_that_cannot_be(wanted):
    with pytest.raises(UserError, match="impossible"):
        Flow(**SMALL).sample(wanted[0], torch.Generator(), wanted[1])


def test_another_size_is_one_clear_line():
    with pytest.raises(UserError, match="knows images of 8 x 4 pixels, not 9 x 4"):
        Flow(**SMALL).log_prob(torch.rand(2, 9, 4))


@pytest.mark.parametrize("arguments", [{"rows": 6}, {"bins": 1}, {"bits": 0}, {"levels": 0}, {"bits": 17}])
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="correct them|impossible"):
        Flow(**{**SMALL, **arguments})


@pytest.mark.filterwarnings("ignore:.*LeafSpec", "ignore::DeprecationWarning")
def test_trained_as_a_user_does(data, tmp_path):  # noqa: F811
    fixed = ["train", "-o", str(tmp_path / "run"), "--data", str(data / "train.npy"), "--method", "flow"]
    small = "--method.rows 8 --method.columns 8 --method.levels 2 --method.features 4 --simulation.rows 16".split()
    limits = "--every 3 --updates 6 --precision float32 --workers 0".split()
    execute([*fixed, "--validation", str(data / "val.npy"), *small, *limits])
    weights = tmp_path / "run" / "weights.safetensors"
    assert cards.read(weights)["method"] == "dealias.priors.flow.Flow"
    flow = cards.load_prior(weights)
    assert isinstance(flow, Flow) and flow.size == (8, 8) and not flow.training
