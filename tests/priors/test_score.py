"""The score prior: learning finds the denoiser that is known in a case by hand; levels, sizes, refusals, training."""

import json

import numpy as np
import pytest
import torch

from dealias import cards
from dealias.__main__ import execute
from dealias.errors import UserError
from dealias.phantoms import head
from dealias.priors.score import Score
from dealias.testing import assert_close

SMALL = {"features": 4, "poolings": 1}


def white(count, deviation, generator):
    parts = deviation * torch.randn(count, 8, 8, 2, generator=generator)
    return torch.view_as_complex(parts)


def test_learning_finds_the_score_of_white_images():
    """Images of independent pixels of deviation 0.5: the score is -x / (0.5^2 + sigma^2)."""
    torch.manual_seed(0)
    prior = Score(8, 1, smallest=0.1, deviation=0.2)  # a deviation that is wrong, for the network to mend
    optimiser = torch.optim.Adam(prior.parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(1)
    images = white(32, 0.5, generator)

    def distance(sigma):
        x = white(32, (0.25 + sigma**2) ** 0.5, torch.Generator().manual_seed(2))
        wanted = -x / (0.25 + sigma**2)
        with torch.no_grad():
            return float((prior.score(x, sigma) - wanted).norm() / wanted.norm())

    before = [distance(sigma) for sigma in (0.2, 1.0)]
    for _ in range(200):
        images = white(32, 0.5, generator)
        optimiser.zero_grad()
        prior.loss(images, generator).backward()
        optimiser.step()
    after = [distance(sigma) for sigma in (0.2, 1.0)]
    assert after[0] < 0.4 * before[0] and after[1] < 0.4 * before[1]


def test_the_loss_is_denoising_score_matching():
    """(1 / sigma^2) ||D - x||^2 is sigma^2 ||s + n / sigma||^2."""
    prior, sigma = Score(**SMALL), 0.3
    generator = torch.Generator().manual_seed(0)
    x, n = white(2, 0.3, generator), white(2, 1.0, generator)
    with torch.no_grad():
        noisy = x + sigma * n
        left = (prior.denoised(noisy, sigma) - x).abs().square() / sigma**2
        right = sigma**2 * (prior.score(noisy, sigma) + n / sigma).abs().square()
    assert_close(left, right, 1e-5, "the losses")


def test_any_size_any_axes_and_each_image_by_itself():
    prior = Score(**SMALL).eval()
    x = torch.randn(2, 3, 9, 14, dtype=torch.complex64)
    sigma = torch.rand(2, 3, 1, 1) + 0.1
    with torch.no_grad():
        whole = prior.denoised(x, sigma)
        assert_close(prior.denoised(x[1, 2], float(sigma[1, 2])), whole[1, 2], 1e-5, "an image alone")
        assert not prior.denoised(x.real, 0.5).is_complex()


def test_levels_fall_to_the_least_noise():
    levels = Score(**SMALL, smallest=0.01).levels(1.0, 5)
    assert levels == pytest.approx([1, 10**-0.5, 0.1, 10**-1.5, 0.01])
    with pytest.raises(UserError, match="knows noise from 0.002 to 2"):
        Score(**SMALL).levels(3.0, 5)


@pytest.mark.parametrize("arguments", [{"smallest": 0.0}, {"smallest": 3.0}, {"deviation": -1.0}, {"features": 0}])
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="mend them|impossible"):
        Score(**{**SMALL, **arguments})


def test_the_papers_size():
    with torch.device("meta"):
        assert sum(value.numel() for value in Score(128, 4).parameters()) == 124_109_826


@pytest.fixture
def data(tmp_path):
    pytest.importorskip("lightning")
    np.save(tmp_path / "train.npy", torch.stack([head((36, 40), seed=s) for s in range(2)]).numpy())
    np.save(tmp_path / "val.npy", head((24, 28), seed=9)[None].numpy())
    return tmp_path


def words(data, output, *more):
    fixed = ["train", "-o", str(output), "--data", str(data / "train.npy"), "--validation", str(data / "val.npy")]
    small = "--method.features 4 --method.poolings 1 --simulation.crop [16,20] --precision float32 --workers 0".split()
    return [*fixed, "--method", "score", *small, *map(str, more)]


@pytest.mark.filterwarnings("ignore:.*LeafSpec", "ignore::DeprecationWarning")
def test_trained_as_a_user_does(data):
    execute(words(data, data / "whole", "--every", 3, "--updates", 6))
    card = cards.read(data / "whole" / "weights.safetensors")
    assert card["method"] == "dealias.priors.score.Score" and card["validation"]["merit"] < 0
    assert f"loss {-card['validation']['merit']}" in card["summary"]
    prior = cards.load_prior(data / "whole" / "weights.safetensors")
    assert prior.arguments["features"] == 4 and not prior.training
    settings = json.loads((data / "whole" / "settings.json").read_text())
    assert settings["method"] == "score"
    again = data / "again"
    execute(words(data, again, "--every", 3, "--updates", 6))
    same = cards.load_prior(again / "weights.safetensors").state_dict()
    assert all(torch.equal(value, same[name]) for name, value in prior.state_dict().items()), "same seed, same weights"


def test_a_prior_has_a_loss_of_its_own(data):
    with pytest.raises(UserError, match="loss of its own"):
        from dealias.training.session import train
        from dealias.training.training import Training

        source = [str(data / "train.npy")]
        train(str(data / "x"), Training(method="score", data=source, validation=source, loss="squared_error"))
