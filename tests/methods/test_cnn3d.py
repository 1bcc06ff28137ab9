"""3D CNN: its parameters, one iteration as written, and what sharing the weights means."""

import pytest
import torch

import dealias
from dealias.errors import UserError
from dealias.methods.cnn3d import CNN3D
from dealias.testing import assert_close
from problems import film

SMALL = {"features": 6, "iterations": 2}


@pytest.mark.parametrize(("shared", "count"), [(True, 338_946), (False, 3_389_460)])
def test_parameters(shared, count):
    assert sum(value.numel() for value in CNN3D(shared=shared).parameters()) == count


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("weight", [None, 0.5])
def test_every_iteration_is_the_plain_equations(shared, weight):
    method = CNN3D(**SMALL, shared=shared, data_weight=weight)
    problem = film(batch=(4,), coils=1, axes=("time", "y", "x")).normalised()[0]
    x = problem.zero_filled
    with torch.no_grad():
        for i, estimate in enumerate(method.estimates(problem)):
            h = torch.stack((x.real, x.imag))[None].contiguous()
            layers = method.blocks[0 if shared else i][::2]
            for k, layer in enumerate(layers):
                h = layer(h) if k == len(layers) - 1 else torch.relu(layer(h))
            kspace = torch.fft.fft2(x + torch.complex(h[0, 0], h[0, 1]), norm="ortho")
            measured = problem.kspace[:, 0]
            mixed = measured if weight is None else (kspace + weight * measured) / (1 + weight)
            x = torch.fft.ifft2(torch.where(problem.mask[:, 0], mixed, kspace), norm="ortho")
            assert_close(estimate, x, 1e-5, "one iteration")


def test_not_shared():
    problem = film(batch=(3,), coils=1, axes=("time", "y", "x"))
    one_each, shared = CNN3D(**SMALL, shared=False), CNN3D(**SMALL)
    assert dealias.reconstruct(one_each, problem, iterations=1).shape == problem.shape
    assert dealias.reconstruct(shared, problem, iterations=4).shape == problem.shape
    with pytest.raises(UserError, match="share the weights"):
        dealias.reconstruct(one_each, problem, iterations=3)


def test_what_cannot_be():
    with pytest.raises(UserError, match="film"):
        dealias.reconstruct(CNN3D(**SMALL), film(batch=()))
    for wrong in ({"features": 0}, {"iterations": 0}, {"data_weight": -1.0}):
        with pytest.raises(UserError, match="impossible"):
            CNN3D(**wrong)
