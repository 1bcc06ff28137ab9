"""The deep image prior: the published count; small and odd images; it learns; what is refused."""

import pytest
import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.methods.deep_image_prior import DeepImagePrior
from dealias.networks.hourglass import Hourglass
from dealias.phantoms import head

SMALL = {"features": 4, "scales": 2, "iterations": 3, "rate": 0.001}


def test_the_count_for_mri():
    """256 features, eight scales and 15 coils, as the notebooks of ConvDecoder's authors print."""
    with torch.device("meta"):
        network = Hourglass(256, 30, 8, (640, 368))
    assert sum(value.numel() for value in network.parameters()) == 31_514_182


@pytest.mark.parametrize("size", [(1, 5), (2, 2), (3, 9), (19, 24), (33, 130)])
def test_any_size(size):
    assert Hourglass(4, 2, 8, size)(torch.rand(1, 4, *size)).shape == (1, 2, *size)


def test_it_learns_one_scan():
    image = head((48, 48), seed=3)
    generator = torch.Generator().manual_seed(0)
    mask = dealias.sampling.gaussian((48, 48), 2, generator=generator)
    scan = Acquisition.simulate(image, mask, noise_std=0.02, generator=generator)
    scores = [float(psnr(x.abs(), image.abs())) for x in dealias.iterate(DeepImagePrior(16, 4, 300), scan)]
    assert scores[-1] > scores[0] + 3
    assert scores[-1] > float(psnr(dealias.reconstruct("zero_filled", scan).abs(), image.abs())) + 0.5


@pytest.mark.parametrize("arguments", [{"scales": 9}, {"features": 0}])
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="impossible"):
        DeepImagePrior(**{**SMALL, **arguments})
