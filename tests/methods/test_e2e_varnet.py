"""The end-to-end variational network: the paper's sizes, its maps, what it refuses; its image is in tests/published."""

from dataclasses import replace

import pytest
import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.methods._learned_maps import fully_sampled_centre
from dealias.methods._start import sparse_image
from dealias.methods.e2e_varnet import E2EVarNet
from dealias.testing import assert_close
from dealias.training.example import Example
from dealias.training.losses import ssim
from learning import count, learned
from problems import film, inpainting

# few coarse pixels and few features of the maps lift rounding above the contract's 1e-5
SMALL = {"features": 3, "iterations": 2, "poolings": 1, "map_features": 6, "map_poolings": 1}


def test_the_paper_counts_its_parameters():
    method = E2EVarNet()
    assert count(method) == 29_936_966 and count(method.maps) == 484_898
    assert count(method.cascades[0].network) == 2_454_338
    assert count(E2EVarNet(iterations=8)) == 20_119_610


def test_lines_and_squares_of_the_centre():
    lines = torch.zeros(1, 1, 4, 8, dtype=torch.bool)
    lines[..., [0, 2, 3, 4, 5, 7]] = True
    wanted = torch.tensor([0, 0, 1, 1, 1, 1, 0, 0], dtype=torch.bool)
    assert torch.equal(fully_sampled_centre(lines), wanted.expand(1, 1, 4, 8))
    assert torch.equal(fully_sampled_centre(lines.mT), wanted[:, None].expand(1, 1, 8, 4))
    points = torch.ones(1, 7, 8, dtype=torch.bool)
    points[0, 0, 4] = False
    middle = torch.zeros(1, 7, 8, dtype=torch.bool)
    middle[0, 1:5, 2:6] = True
    assert torch.equal(fully_sampled_centre(points), middle)
    points[0, 3, 4] = False
    assert not fully_sampled_centre(points).any()


def test_maps_are_the_networks_own_of_unit_root_sum_of_squares():
    method, problem = E2EVarNet(**SMALL).eval(), film(coils=3)
    with torch.no_grad():
        found = method.prepared(problem).maps
        assert_close(found.abs().square().sum(-3), torch.ones(2, 2, 19, 24), 1e-5, "unit")
        without = dealias.reconstruct(method, replace(problem, maps=None))
        assert_close(without, dealias.reconstruct(method, problem), 1e-6, "whatever maps there were")
    assert method.prepared(film(coils=1)).maps is None


def test_it_learns_one_sample():
    torch.manual_seed(0)
    problem = film(batch=(), coils=3, shape=(16, 15))
    target = problem.zero_filled.roll(1, -1)
    before, after = learned(E2EVarNet(**SMALL, recompute=True), Example(problem, target), ssim, 40, 1e-2)
    assert after < 0.7 * before


def test_recomputed_gradients_are_the_same():
    gradients = []
    for recompute in (False, True):
        torch.manual_seed(0)
        method = E2EVarNet(**SMALL, recompute=recompute)
        method(film(coils=2)).abs().sum().backward()
        gradients.append(method.cascades[1].network.network.outwards.weight.grad)
    assert_close(gradients[1], gradients[0], 1e-6, "recomputed")


def test_what_it_refuses():
    method = E2EVarNet(**SMALL)
    with pytest.raises(UserError, match="take varnet"):
        method(inpainting())
    with pytest.raises(UserError, match="3 iterations need as many sets of weights, and there are 2"):
        dealias.reconstruct(method, film(), iterations=3)
    with pytest.raises(UserError, match="0 map_features are impossible"):
        E2EVarNet(map_features=0)
    scan = film(batch=(), coils=3)
    mask = scan.centred_mask.clone()
    mask[..., 9, 12] = False
    with pytest.raises(UserError, match="fully sampled centre"):
        dealias.reconstruct(method, replace(scan.sampled(mask), maps=None))


def test_a_sparse_start(untyped):
    """What was measured stays, the rest is what the sparse image has there, with the maps that the scan has."""
    torch.manual_seed(0)
    method, problem = E2EVarNet(**SMALL, start="wavelet").eval(), film(batch=(), coils=3)
    assert not method.own_maps and E2EVarNet(**SMALL).own_maps
    problem = problem.normalised()[0]
    with torch.no_grad():
        first, _ = method.estimates(problem)
        full = Acquisition(problem.kspace, torch.ones_like(problem.mask), problem.maps).operator(sparse_image(problem))
        coils = torch.fft.ifft2(torch.where(problem.mask, problem.kspace, full), norm="ortho")
    assert_close(first.abs(), coils.abs().square().sum(-3).sqrt(), 0.02, "k_0, which an untrained cascade leaves")
    with pytest.raises(UserError, match="start is measured or wavelet"):
        E2EVarNet(**SMALL, start="zero_filled")  # type: ignore[arg-type]
