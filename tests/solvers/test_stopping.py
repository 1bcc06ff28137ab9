"""Iterations that rest where nothing changes any more, each problem by itself."""

import torch

from dealias.solvers.stopping import until_settled


def halving(asked, rates):
    """1 + rate^k for each problem; counts what was asked for."""
    k = 0
    while True:
        asked.append(k)
        yield (1 + rates**k).view(-1, 1, 1)
        k += 1


def test_each_rests_by_itself_and_all_stop_the_work():
    rates = torch.tensor([0.5, 0.1], dtype=torch.float64)
    asked = []
    found = torch.stack(list(until_settled(halving(asked, rates), 40, 1e-3, 2)))[..., 0, 0]
    assert found.shape == (40, 2)
    assert len(asked) < 13
    for place, rate in enumerate(rates):
        alone = torch.stack(list(until_settled(halving([], rate[None]), 40, 1e-3, 2)))[..., 0, 0]
        assert torch.equal(alone[:, 0], found[:, place])
        assert (found[-1, place] - 1).abs() < 2e-3
    assert (found[5:, 1] == found[5, 1]).all()
    assert found[5, 0] != found[6, 0]


def test_zero_tolerance_lets_nothing_rest():
    asked = []
    assert len(list(until_settled(halving(asked, torch.tensor([0.0])), 7, 0.0, 2))) == 7
    assert len(asked) == 7


def test_an_empty_problem_rests():
    nothing = (torch.zeros(1, 2, 2) for _ in range(9))
    assert len(list(until_settled(nothing, 9, 1e-3, 2))) == 9
