"""The masks of a training: lines, discs and points as often as told, with a centre for maps where they are found."""

import pytest
import torch

from dealias.training import masks
from dealias.training.masks import LINES, draw_mask

MANY = 60


def drawn(lines=0.0, discs=0.0, *, centre=0.02, calibrated=False, shape=(40, 48), acceleration=4.0):
    """Many masks."""
    generators = [torch.Generator().manual_seed(seed) for seed in range(MANY)]
    return [draw_mask(shape, acceleration, lines, discs, centre, calibrated, generator) for generator in generators]


def empty(shape, *_, **__):
    return torch.zeros(shape, dtype=torch.bool)


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.5, 22, 38), (1.0, MANY, MANY)])
def test_lines_and_discs_are_as_frequent_as_told(share, least, most, monkeypatch):
    lines = sum(bool((mask == mask[0]).all()) for mask in drawn(lines=share))
    assert least <= lines <= most
    monkeypatch.setattr(masks.sampling, "poisson", empty)
    assert least <= sum(not mask.any() for mask in drawn(discs=share)) <= most


def test_lines_are_of_all_kinds(monkeypatch):
    found = []
    monkeypatch.setattr(masks.sampling, "cartesian", lambda shape, *_, lines, **__: found.append(lines) or empty(shape))
    drawn(lines=1.0)
    assert {*found} == {*LINES} and min(found.count(kind) for kind in LINES) > 10


def test_points_fill_the_centre_that_is_told():
    filled = drawn(centre=0.1, acceleration=20.0)
    assert all(bool(mask[17:24, 24].all() and mask[20, 21:28].all()) for mask in filled)
    assert all(abs(float(mask.float().mean()) - 1 / 4) < 0.01 for mask in drawn())


@pytest.mark.parametrize("lines", [0.0, 1.0])
def test_the_centre_of_a_mask_holds_what_maps_are_estimated_from(lines):
    for mask in drawn(lines, discs=0.5, calibrated=True, shape=(40, 60), acceleration=12.0):
        assert mask[14:26, 24:36].all() and not mask.all()
        assert not lines or int(mask[0].sum()) <= 40, "lines are taken beyond the centre, a third of them"
