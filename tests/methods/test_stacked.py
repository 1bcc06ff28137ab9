"""Stacked methods: weights found by hidden samples, never far below the best part, refused where they cannot be."""

import pytest
import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.methods.stacked import RIDGE, Stacked, _best
from dealias.phantoms import head
from problems import coil_maps, film

SMALL = {"of": "zero_filled,wavelet"}


def scan(mask, coils=4):
    image = head((64, 72), seed=5)
    generator = torch.Generator().manual_seed(2)
    return Acquisition.simulate(image, mask, coil_maps(coils, 64, 72), 0.01, generator=generator), image


def test_weights_are_the_constrained_minimum():
    """Against a fine grid of the simplex."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        rest = torch.randn(3, 20, dtype=torch.float64, generator=generator) + torch.randn(20, generator=generator)
        products = rest @ rest.T
        w = _best(products)
        assert w.min() >= 0 and abs(w.sum() - 1) < 1e-9
        first, second = torch.meshgrid(*(torch.linspace(0, 1, 201, dtype=torch.float64),) * 2, indexing="ij")
        grid = torch.stack((first, second, 1 - first - second), -1)[first + second <= 1]
        ridged = products + RIDGE * products.trace() / 3 * torch.eye(3)
        assert w @ ridged @ w <= ((grid @ ridged) * grid).sum(-1).min() + 1e-9
    assert torch.allclose(_best(torch.ones(2, 2, dtype=torch.float64)), torch.tensor([0.5, 0.5], dtype=torch.float64))


@pytest.mark.parametrize("kind", ["gaussian", "cartesian"])
def test_it_is_not_far_behind_the_best_of_its_parts(kind):
    mask = getattr(dealias.sampling, kind)((64, 72), 3, centre=0.1, generator=torch.Generator().manual_seed(0))
    measured, image = scan(mask)
    names = "wavelet", "total_variation"
    parts = {name: psnr(dealias.reconstruct(name, measured).abs(), image.abs()) for name in names}
    stacked = Stacked(of=",".join(names))
    weights = stacked.weights(measured.normalised()[0]).flatten()
    assert weights.min() >= 0 and abs(weights.sum() - 1) < 1e-6
    assert weights[0] != weights[1], "something was hidden"
    ours = psnr(stacked(measured).abs(), image.abs())
    assert ours > max(parts.values()) - 0.6 and ours > min(parts.values()) + 0.3


def test_errors_of_all_hidden_sets_count():
    mask = dealias.sampling.cartesian((64, 72), 3, centre=0.1, generator=torch.Generator().manual_seed(0))
    measured, _ = scan(mask)
    names = "wavelet,total_variation"
    products = torch.zeros(2, 2, dtype=torch.float64)
    for seen, hidden in measured.folds(3, 0.1, 5):
        images = [dealias.load(name)(seen) for name in names.split(",")]
        rest = torch.stack([(hidden.operator.forward(x) - hidden.kspace).flatten() for x in images])
        products += (rest.to(torch.complex128) @ rest.to(torch.complex128).mH).real
    found = Stacked(of=names, seed=5, sets=3).weights(measured).flatten()
    torch.testing.assert_close(found, _best(products), rtol=1e-6, atol=1e-6)
    assert not torch.allclose(found, Stacked(of=names, seed=5, sets=1).weights(measured).flatten(), atol=1e-3)


def test_where_nothing_can_be_hidden_all_count_alike():
    middle = torch.zeros(19, 24)
    middle[8:11, 11:14] = 1
    centre = film(batch=(), coils=3).sampled(middle)
    assert torch.equal(Stacked(**SMALL).weights(centre).flatten(), torch.tensor([0.5, 0.5], dtype=torch.float64))


@pytest.mark.parametrize(
    "arguments", [{"of": "wavelet"}, {"of": "wavelet,sense", "share": 1.5}, {**SMALL, "sets": 0}, {"of": "rim,kt_slr"}]
)
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="two methods or more|cannot be stacked"):
        Stacked(**arguments)
