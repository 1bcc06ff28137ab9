"""Whole lines of k-space."""

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
    gaps = line.nonzero().squeeze(1).diff()
    outer = gaps[gaps > 1]
    assert outer.max() - outer.min() <= 1 or outer.float().std() < 1


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
