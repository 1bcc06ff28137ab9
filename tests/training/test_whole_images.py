"""Whole images: unchanged where nothing may change, mirrored and turned as asked, the same with the same numbers."""

import pytest
import torch

from dealias.errors import UserError
from dealias.phantoms import head
from dealias.testing import assert_close
from dealias.training.session import train
from dealias.training.training import Training
from dealias.training.whole_images import WholeImages

STILL = {"turn": 0.0, "stretch": 0.0, "move": 0.0, "contrast": 0.0}


def drawn(image, rows, columns, seed=0, **settings):
    source = WholeImages([image], rows, columns, **settings)
    generator = torch.Generator().manual_seed(seed)
    return source.examples(source.size(generator), generator)


def test_without_changes_it_is_the_image_or_its_mirror():
    image = head((40, 36), seed=1)
    example = drawn(image, 40, 36, batch=8, **STILL)
    magnitudes = image.abs() / image.abs().max()
    kinds = {bool(torch.allclose(x.real, magnitudes, atol=1e-4)) for x in example.truth}
    assert kinds == {True, False}
    for x in example.truth:
        nearest = min((x.real - one).abs().max() for one in (magnitudes, magnitudes.flip(-1)))
        assert nearest < 1e-4
    assert_close(example.problem.zero_filled, example.truth, 1e-5, "it is measured in full")


def test_an_image_is_whole_at_another_size():
    """The centre of mass stays where it is, as a fraction of the axes."""
    image = torch.zeros(64, 48, dtype=torch.complex64)
    image[8:16, 12:36] = 1
    found = drawn(image, 32, 32, batch=1, **STILL).truth[0].real
    rows = found.sum(1) / found.sum() @ torch.ones(32)
    assert float(rows.sum()) == pytest.approx(1, abs=1e-4)
    middle = float((found.sum(1) * (torch.arange(32) + 0.5)).sum() / found.sum() / 32)
    assert middle == pytest.approx(12 / 64, abs=0.01)


def test_changes_are_as_large_as_asked():
    image = torch.zeros(64, 64, dtype=torch.complex64)
    image[31:33, 8:56] = 1  # a bar along x
    turned = drawn(image, 64, 64, batch=16, **{**STILL, "turn": 10.0}).truth.real
    y, x = (torch.arange(64.0) - 31.5 for _ in range(2))
    angles = torch.tensor([torch.rad2deg(torch.atan((b * y[:, None] * x).sum() / (b * x * x).sum())) for b in turned])
    assert 4 < float(angles.abs().max()) <= 10.5 and float(angles.min()) < 0 < float(angles.max())
    longer = drawn(image, 64, 64, batch=16, **{**STILL, "stretch": 0.2}).truth.real
    lengths = (longer.amax(1) > 0.5).sum(1).float()
    assert 48 * 0.79 < float(lengths.min()) < 44 and 52 < float(lengths.max()) < 48 * 1.21
    head_ = head((32, 32), seed=0)
    darker = drawn(head_, 32, 32, batch=16, **{**STILL, "contrast": 0.3}).truth.real.mean((-2, -1))
    assert float(darker.max() / darker.min()) > 1.1


def test_the_same_numbers_give_the_same_images_of_maximum_one():
    image = head((40, 36), seed=2)
    first, again, other = (drawn(image, 16, 16, seed).truth for seed in (3, 3, 4))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert_close(first.abs().amax((-2, -1)), torch.ones(8), 1e-5, "the largest")
    assert torch.equal(drawn(torch.zeros(8, 8, dtype=torch.complex64), 8, 8).truth.abs().amax(), torch.tensor(0.0))


@pytest.mark.parametrize(
    "settings", [{"rows": 0}, {"batch": 0}, {"stretch": 1.0}, {"turn": -1.0}, {"move": float("nan")}]
)
def test_what_cannot_be(settings):
    with pytest.raises(UserError, match="correct them|mend them"):
        WholeImages([], **settings)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [({"scans": ["x.h5"]}, "leave --data or --scans out"), ({"data": ["x.npy"], "simulation": {"crop": [8]}}, "crop")],
)
def test_a_prior_of_whole_images_learns_from_nothing_else(settings, complaint, tmp_path):
    pytest.importorskip("lightning")
    small = {"rows": 8, "columns": 8, "levels": 1, "features": 2}
    with pytest.raises(UserError, match=complaint):
        train(str(tmp_path), Training(method="flow", method_arguments=small, validation=["y.npy"], **settings))
