"""Networks that learned susceptibility: how they are named, what they refuse, on which volumes they run."""

import pytest
import torch

from dealias import cards
from dealias.errors import UserError
from dealias.methods.rim import RIM
from dealias.susceptibility.echoes import Echoes
from dealias.susceptibility.learned import check_images, network
from dealias.susceptibility.stages import chosen, invert
from dealias.susceptibility.volumes import affine_of

TINY = {"features": 2, "iterations": 2}


@pytest.fixture
def file(tmp_path):
    torch.manual_seed(0)
    cards.save(tmp_path / "w.safetensors", RIM(**TINY, channels=1, dimensions=3, damping=0.03, support_input=True))
    return tmp_path / "w.safetensors"


def echoes_of(shape, voxel_size, direction):
    empty = torch.empty(0, dtype=torch.complex64)
    return Echoes(empty, (0.01, 0.02), 3.0, voxel_size, direction, affine_of(shape, voxel_size, direction))


@pytest.mark.parametrize(
    ("shape", "voxel_size", "direction"),
    [((12, 14, 13), (1.0, 1.0, 1.0), (1.0, 0.0, 0.0)), ((7, 16, 9), (3.0, 0.7, 0.9), (0.8, 0.6, 0.0))],
)
def test_any_volume_is_inverted_and_twice_the_field_is_twice_the_map(file, shape, voxel_size, direction):
    method = chosen(str(file), None)
    generator = torch.Generator().manual_seed(0)
    field, noise = torch.randn(2, *shape, generator=generator)
    mask = noise > -1
    echoes = echoes_of(shape, voxel_size, direction)
    one, two = (invert(f, noise.abs(), mask, echoes, inversion=method, regularisation=None) for f in (field, 2 * field))
    assert one.shape == shape and (one[~mask] == 0).all() and abs(float(one[mask].mean())) < 1e-5
    assert float(one.std()) > 0
    torch.testing.assert_close(two, 2 * one, rtol=1e-3, atol=1e-4)
    unknown = invert(field, torch.zeros(shape), mask, echoes, inversion=method, regularisation=None)
    assert torch.isfinite(unknown).all()


@pytest.mark.parametrize(
    ("name", "strength", "text"),
    [
        ("complex_rim", None, "weights for images"),
        ("sense", None, "sense inverts no field; give one of total_variation, division, ridge, rim"),
        ("rige", None, "did you mean ridge"),
        ("rim", 0.1, "leave --regularisation out"),
        ("none.safetensors", None, "none.safetensors: no such file"),
    ],
)
def test_what_is_no_inversion(name, strength, text):
    with pytest.raises(UserError, match=text):
        chosen(name, strength)


def test_weights_that_are_missing_can_be_made(monkeypatch, tmp_path):
    monkeypatch.setattr(cards, "WEIGHTS", tmp_path)
    with pytest.raises(UserError, match="there are no weights qsm_rim; make them by dealias train --config qsm"):
        network("rim", [])


def test_a_network_of_susceptibility_reconstructs_no_echoes(file):
    with pytest.raises(UserError, match="give it to --inversion"):
        check_images(cards.load(file), "w")
    check_images(cards.load("rim"), "rim")
