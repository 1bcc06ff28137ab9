"""A network learns from the scan that it reconstructs: better where that can be told, else as it was."""

from dataclasses import replace

import pytest
import torch

import dealias
from dealias import coils, find, sampling
from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.phantoms import head
from problems import film, inpainting


@pytest.fixture
def image():
    return head((40, 44), seed=1)


@pytest.fixture
def scan(image):
    mask = sampling.gaussian((40, 44), 3, centre=0.06)
    return dealias.Acquisition.simulate(image, mask, coils.simulate((40, 44), 4), 0.003)


def network(**others):
    return find.method("rim")(features=8, iterations=3, **others).eval()


def test_it_predicts_hidden_samples_better_and_the_image_too(scan, image):
    method = network()
    weights = {name: value.clone() for name, value in method.state_dict().items()}
    found = dealias.adapt(method, scan, updates=30, rate=3e-3)
    assert found.after < found.before and 0 < found.best <= found.updates <= 30
    assert f"adapted by {found.best} updates of {found.updates}" in str(found)
    gain = psnr(dealias.reconstruct(found.method, scan), image) - psnr(dealias.reconstruct(method, scan), image)
    assert gain > 0.5
    assert all(torch.equal(value, weights[name]) for name, value in method.state_dict().items()), "a copy learns"
    again = dealias.adapt(method, scan, updates=30, rate=3e-3)
    assert again.after == found.after
    assert all(torch.equal(a, b) for a, b in zip(again.method.parameters(), found.method.parameters(), strict=True))
    assert dealias.adapt(method, scan, updates=3, rate=3e-3, seed=1).before != found.before, "other samples judge"


def test_the_start_is_kept_where_no_update_is_better(scan):
    method = network()
    found = dealias.adapt(method, scan, updates=30, rate=30)
    assert found.best == 0 and found.after == found.before
    assert found.updates == 18, "six judgements without a better one end it"
    assert "stays as it was: none of 18 updates" in str(found)
    assert torch.equal(dealias.reconstruct(found.method, scan), dealias.reconstruct(method, scan))


def test_a_centre_beside_the_middle_changes_nothing(scan, image):
    """The largest sample of a real image without coils lies at zero; with them it may lie one beside it."""
    scan, method = dealias.Acquisition.simulate(image.abs(), scan.centred_mask, noise_std=0.003), network()
    moved = replace(scan, kspace=scan.kspace.roll((9, -11), (-2, -1)), mask=scan.mask.roll((9, -11), (-2, -1)))
    here, there = (dealias.adapt(method, one, updates=3, rate=1e-3) for one in (scan, moved))
    assert (there.before, there.after) == pytest.approx((here.before, here.after), rel=1e-4)


def test_slices_share_a_network_and_time_ends_it(scan):
    stack = dealias.Acquisition.stack([scan, scan]).to(dtype=torch.float64)
    found = dealias.adapt(network(), stack, updates=5, rate=1e-3)
    assert found.updates == 5
    assert dealias.adapt(network(), stack, seconds=1e-9).updates == 0


def test_a_film():
    method = find.method("crnn")(features=4, iterations=2).eval()
    found = dealias.adapt(method, film(batch=(4,), coils=2, axes=("time", "y", "x")), updates=2)
    assert found.updates == 2


def test_what_cannot_be(scan, image):
    with pytest.raises(UserError, match="Wavelet is no network that could be adapted; give one that was trained"):
        dealias.adapt("wavelet", scan)
    full = dealias.Acquisition.simulate(image, torch.ones(40, 44))
    with pytest.raises(UserError, match="no samples that could be hidden: all of k-space is sampled"):
        dealias.adapt(network(), full)
    with pytest.raises(UserError, match="only samples of k-space"):
        dealias.adapt(network(channels=1), inpainting())
    with pytest.raises(UserError, match="needs a film"):
        dealias.adapt(find.method("crnn")(features=4, iterations=2), scan)
