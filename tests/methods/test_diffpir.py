"""DiffPIR: the data step is the minimum of its objective; chains on a prior that is known; what is refused."""

import pytest

from dealias.errors import UserError
from dealias.methods.diffpir import DiffPIR
from methods.test_score_prior import DEVIATION, NOISE, PRIOR, half, moments, white

SMALL = {"prior": PRIOR, "iterations": 3}


def test_a_chain_that_keeps_its_noise_ends_as_wide_as_the_prior_where_no_data_are():
    """Its deterministic flow carries white noise to white images; where data are, the mean is the posterior's."""
    arguments = {**PRIOR, "deviation": DEVIATION, "smallest": 0.01}
    method = white(DiffPIR(arguments, iterations=100, renewal=0.0))
    (at_data, elsewhere), (narrow, wide) = moments(method, half(), 6)
    assert wide == pytest.approx(DEVIATION, rel=0.1)
    assert at_data < 0.25 * DEVIATION and elsewhere < 1.3 * DEVIATION / 6**0.5 and narrow < 1.2 * NOISE


def test_renewal_narrows():
    spreads = []
    for renewal in (0.0, 1.0):
        arguments = {**PRIOR, "deviation": DEVIATION, "smallest": 0.01}
        method = white(DiffPIR(arguments, iterations=30, renewal=renewal))
        spreads.append(moments(method, half(), 4)[1][1])
    assert spreads[1] < 0.9 * spreads[0]


@pytest.mark.parametrize("arguments", [{"prior_weight": 0.0}, {"renewal": 1.5}, {"gradients": 0}, {"iterations": 0}])
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="correct them|impossible"):
        DiffPIR(**{**SMALL, **arguments})
