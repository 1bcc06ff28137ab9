"""MoDL: the paper's sizes, its equation on a case by hand, what is learned, what is refused."""

import pytest
import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.methods.modl import MoDL
from dealias.phantoms import head
from dealias.testing import assert_close
from problems import coil_maps, film

SMALL = {"features": 4, "iterations": 2, "gradients": 6}


def test_the_paper_counts_its_parameters():
    """Five layers of 3x3 without biases, batch norm after each, and lambda."""
    count = sum(value.numel() for value in MoDL().parameters())
    assert count == 9 * (2 * 64 + 3 * 64 * 64 + 64 * 2) + 2 * (4 * 64 + 2) + 1 == 113_413


def test_one_iteration_by_hand():
    """Where the network adds nothing, (A^H A + lambda) x = A^H y + lambda A^H y, solved densely."""
    problem = film(batch=(), coils=3, shape=(5, 6)).normalised()[0].to(dtype=torch.float64)
    method = MoDL(**{**SMALL, "iterations": 1, "gradients": 60}).double().eval()
    with torch.no_grad():
        method.network[-1].weight.zero_()
        method.network[-1].bias.zero_()
        (x,) = method.estimates(problem)
    basis = torch.eye(30, dtype=torch.complex128).reshape(30, 5, 6)
    normal = problem.operator.normal(basis).reshape(30, 30).T
    weight = method.trust[0].exp().detach()
    right = (1 + weight) * problem.zero_filled.flatten()
    assert_close(x.flatten(), torch.linalg.solve(normal + weight * torch.eye(30), right), 1e-8, "the dense solution")


def test_lambda_grows_with_the_noise():
    method = MoDL(**SMALL, block="unet", noise_input=True).eval()
    quiet = film(coils=3)
    loud = Acquisition(quiet.kspace, quiet.mask, quiet.maps, quiet.noise_std * 10)
    with torch.no_grad():
        assert not torch.allclose(method(quiet), method(loud))


@pytest.mark.parametrize("arguments", [{"block": "resnet"}, {"start": "zero"}, {"gradients": 0}])
def test_what_cannot_be(arguments, untyped):
    with pytest.raises(UserError, match="correct them|impossible"):
        MoDL(**{**SMALL, **arguments})


def test_the_shipped_weights_beat_compressed_sensing_on_lines_of_several_coils():
    image = head((128, 128), seed=77)
    mask = dealias.sampling.cartesian((128, 128), 3, centre=0.12, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    scan = Acquisition.simulate(image, mask, coil_maps(6, 128, 128), 0.002, generator=generator)
    ours, sparse, start = (
        psnr(dealias.reconstruct(name, scan).abs(), image.abs()) for name in ("modl", "wavelet", "zero_filled")
    )
    assert ours > sparse + 0.5 and ours > start + 3
