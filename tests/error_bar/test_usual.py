"""What a learned method usually gets wrong, band by band, and what lies far above it."""

import math

import pytest
import torch

from dealias.error_bar.usual import LIMIT, MARGIN, beyond, excess, record, warning
from dealias.methods.rim import RIM


def test_bands_are_compared_each_for_itself():
    radius = torch.tensor([0.05, 0.15, 0.19, 0.3, 0.6])
    own = torch.tensor([10.0, 1.0, 3.0, 0.0, 5.0])
    other = torch.tensor([1.0, 4.0, 0.0, 40.0, 10.0])
    assert excess(own, other, radius) == pytest.approx([10, 0, -10])
    assert math.isnan(excess(own[1:], other[1:], radius[1:])[0]), "nothing was hidden there"


def test_a_record_needs_some_scans():
    found = [[float(number), 0.0, -1.0] for number in range(6)]
    assert record(found) == [[2.5, 1.87], [0.0, 0.0], [-1.0, 0.0]]
    assert record(found[:4]) == [] == record([])
    assert record([*found[:4], [math.nan, 0.0, 0.0]]) == [], "a band of which little is known"


def test_far_above_is_beyond_some_deviations():
    method = RIM(features=4, iterations=1)
    assert warning(method, [[9.0, 9.0, 9.0]]) == [], "nobody recorded what is usual"
    method.usual_errors = ((-1.0, 0.5), (-2.0, 1.0), (-3.0, 1.0))
    assert beyond(method, [0.0, math.nan, 1.0]) == [1 - LIMIT * 0.5 - MARGIN, -math.inf, 4 - LIMIT - MARGIN]
    assert warning(method, [[0.0, 0.0, -0.1]]) == [] == warning(method, [])
    [text] = warning(method, [[0.0, 0.0, -0.1], [0.0, 5.0, 0.6]])
    assert "farther off at middle frequencies" in text and "in 1 of 2 slices" in text
    method.usual_errors = ((0.0, 1.0),)
    assert warning(method, [[99.0, 99.0, 99.0]]) == [], "of other bands"
