"""Whole lines of k-space."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dealias.errors import UserError
from dealias.sampling import cartesian

KINDS = ["random", "equispaced", "gaussian"]


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 40), st.integers(1, 130), st.floats(1, 12), st.sampled_from(KINDS), st.integers(0, 2**31))
def test_any_shape(rows, columns, acceleration, lines, seed):
    def draw():
        generator = torch.Generator().manual_seed(seed)
        return cartesian((rows, columns), acceleration, lines=lines, generator=generator)

    try:
        mask = draw()
    except UserError as error:
        assert "lower the acceleration" in str(error) and "\n" not in str(error)
        return
    assert mask.shape == (rows, columns)
    assert torch.equal(mask, mask[:1].expand_as(mask)), "a column is sampled whole or not at all"
    assert mask[0, columns // 2]
    wanted = columns / acceleration
    assert abs(int(mask[0].sum()) - wanted) <= max(0.5, 0.01 * wanted)
    assert torch.equal(mask, draw())


@pytest.mark.parametrize("lines", KINDS)
def test_central_lines_always(lines, generator):
    for _ in range(20):
        assert cartesian((4, 100), 4, lines=lines, centre=0.1, generator=generator)[0, 45:55].all()


def test_equispaced_lines_are_as_far_apart_as_can_be(generator):
    line = cartesian((1, 256), 4, lines="equispaced", centre=0.08, generator=generator)[0]
    place = line.nonzero().squeeze(1)
    gaps = torch.cat((place[place < 118].diff(), place[place > 137].diff()))  # 20 columns are central
    assert gaps.max() - gaps.min() == 1 and place.diff().max() == gaps.max()


@pytest.mark.parametrize("columns", [320, 368, 257])
@pytest.mark.parametrize(("acceleration", "centre"), [(4, 0.08), (8, 0.04)])
def test_fastmri_lines_are_those_of_its_rule(columns, acceleration, centre):
    """The published rule, written out with NumPy: every draw is one of its masks, and every offset comes up."""
    low = round(columns * centre)
    spacing = acceleration * (low - columns) / (low * acceleration - columns)
    theirs = []
    for offset in range(round(spacing)):
        line = np.zeros(columns, bool)
        line[np.around(np.arange(offset, columns - 1, spacing)).astype(int)] = True
        first = (columns - low + 1) // 2
        line[first : first + low] = True
        theirs.append(line.tobytes())
        assert abs(line.sum() - columns / acceleration) < 2
    drawn = set()
    for seed in range(100):
        generator = torch.Generator().manual_seed(seed)
        mask = cartesian((2, columns), acceleration, lines="fastmri", centre=centre, generator=generator)
        drawn.add(mask[0].numpy().tobytes())
    assert drawn == set(theirs)


def test_equispaced_offset_varies():
    lines = {
        tuple(cartesian((1, 64), 4, lines="equispaced", generator=torch.Generator().manual_seed(s))[0].tolist())
        for s in range(20)
    }
    assert len(lines) > 3


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 130), st.floats(1, 12), st.floats(0, 0.3))
def test_fastmri_lines_of_any_shape(columns, acceleration, centre):
    try:
        mask = cartesian((3, columns), acceleration, lines="fastmri", centre=centre)
    except UserError as error:
        assert "lower the acceleration" in str(error) and "\n" not in str(error)
        return
    assert mask[0, columns // 2] and torch.equal(mask, mask[:1].expand_as(mask))
    assert abs(int(mask[0].sum()) - columns / acceleration) <= 2


def test_gaussian_lines_are_denser_inside(generator):
    rate = torch.stack([cartesian((1, 128), 4, lines="gaussian", generator=generator)[0] for _ in range(200)])
    rate = rate.double().mean(0)
    assert rate[40:50].mean() > 2 * rate[:10].mean()


def test_other_lines():
    with pytest.raises((UserError, Exception), match="spiral|lines"):
        cartesian((8, 8), 2, lines="spiral")


@pytest.mark.parametrize("centre", [0.5, 1.0, 2.0])
def test_a_centre_that_leaves_nothing_to_choose(centre):
    with pytest.raises(UserError, match="central ones"):
        cartesian((8, 64), 4, centre=centre)
