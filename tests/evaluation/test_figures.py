"""Figures are read back: what stands where, and in which colour."""

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image as Picture

from dealias.errors import UserError
from dealias.evaluation import figures
from dealias.evaluation.figures import panels


def panel(path, columns, row, column, aspect=1.25):
    """Return the pixels of one panel, away from its border, between 0 and 1."""
    pixels = np.asarray(Picture.open(path).convert("RGB")) / 255
    _, axes = figures._sheet(columns, aspect, "")
    box = axes(row, column).get_position()
    height, width = pixels.shape[:2]
    rows = slice(round((1 - box.y1) * height) + 3, round((1 - box.y0) * height) - 3)
    return pixels[rows, round(box.x0 * width) + 3 : round(box.x1 * width) - 3]


def test_every_panel_shows_what_it_should(tmp_path):
    reference = torch.full((50, 40), 2.0 + 0j)
    reference[:25] = 1j
    mask = torch.zeros(1, 50, 40, dtype=torch.bool)
    mask[..., :20] = True
    off = reference.abs() + torch.tensor([0.0, 0.1]).repeat_interleave(20)
    panels(tmp_path / "a.png", {"same": reference * 1j, "$off": off}, reference, mask, magnification=10)
    path = tmp_path / "a.png"
    for column in (0, 1):  # phases do not count
        shown = panel(path, 3, 0, column)
        assert shown[:100].mean() == pytest.approx(0.5, abs=0.01)
        assert shown[-100:].mean() == pytest.approx(1.0, abs=0.01)
    shown = panel(path, 3, 1, 0)
    assert shown[:, :100].min() == 1
    assert shown[:, -100:].max() == 0
    inferno = matplotlib.colormaps["inferno"]
    assert np.allclose(panel(path, 3, 1, 1), inferno(0.0)[:3], atol=0.01)
    shown = panel(path, 3, 1, 2)
    assert np.allclose(shown[:, :100], inferno(0.0)[:3], atol=0.01)
    assert np.allclose(shown[:, -100:], inferno(0.5)[:3], atol=0.01)  # 5 % of the maximum, ten times


def test_the_magnification_suits_the_median_image():
    errors = [torch.full((9, 9), value) for value in (0.5, 0.06, 0.001)]
    assert figures._magnification(errors) == 10
    assert figures._magnification(errors[:1]) == 2
    assert figures._magnification([torch.zeros(9, 9)]) == 1000


def test_a_figure_is_written_whole_or_not_at_all(tmp_path):
    image = torch.ones(8, 8)
    path = tmp_path / "a.png"
    panels(path, {"x": image}, image, torch.ones(8), title="$a title")
    before = path.read_bytes()
    with pytest.raises(UserError, match="exists already"):
        panels(path, {"x": image}, image)
    assert path.read_bytes() == before
    panels(path, {"x": 0 * image}, image, torch.zeros(8, 8), overwrite=True)
    assert path.read_bytes() != before
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    ("images", "reference", "mask", "message"),
    [
        ({}, torch.ones(8, 8), None, "at least one image"),
        ({"x": torch.ones(8, 9)}, torch.ones(8, 8), None, "compare images of one shape"),
        ({"x": torch.ones(2, 8, 8)}, torch.ones(2, 8, 8), None, "shows one slice"),
        ({"x": torch.ones(8, 8)}, torch.ones(8, 8), torch.ones(8, 9), "the mask has shape"),
    ],
)
def test_what_cannot_be_shown_is_refused(untyped, tmp_path, images, reference, mask, message):
    with pytest.raises(UserError, match=message):
        panels(tmp_path / "a.png", images, reference, mask)
    assert not list(tmp_path.iterdir())
