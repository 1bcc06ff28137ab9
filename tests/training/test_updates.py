"""The example of every update, whoever draws it."""

import itertools

import pytest
import torch

from dealias.phantoms import head
from dealias.training.simulate import Simulation
from dealias.training.updates import Updates

pytestmark = pytest.mark.filterwarnings("ignore:.*is multi-threaded, use of fork")


@pytest.fixture(scope="module")
def source():
    return Simulation([head((72, 80), seed=seed) for seed in range(2)], crop=(40, 48), coils=0.5, estimated_maps=1.0)


def same(one, other):
    assert torch.equal(one.problem.kspace, other.problem.kspace) and torch.equal(one.truth, other.truth)
    assert (one.held is None) == (other.held is None)
    assert one.held is None or torch.equal(one.held.kspace, other.held.kspace)


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # on a machine, or a share of one, of one core
@pytest.mark.parametrize("held", [0.0, 0.4])
def test_workers_draw_what_this_process_draws(source, held):
    updates = Updates(source, seed=3, held=held)
    here = [updates[number] for number in range(5)]
    assert (here[0].held is not None) == bool(held)
    for workers in (0, 1, 2):
        for one, other in zip(here, updates.loader(0, 5, workers), strict=True):
            same(one, other)


def test_several_threads_draw_what_one_draws(source):
    one = Updates(source, seed=3)[1]
    torch.set_num_threads(2)
    try:
        same(one, Updates(source, seed=3)[1])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_it_goes_on_with_the_update_that_is_due(source):
    updates = Updates(source, seed=3)
    loader = updates.loader(2, 5, 0)
    assert len(loader) == 5, "as many as the training has in all"
    rest = list(loader)
    assert len(rest) == 3
    same(rest[0], updates[2])


def test_processes_that_learn_together_see_others_of_one_size(source):
    ranks = [Updates(source, seed=3, processes=2, rank=rank) for rank in range(2)]
    for update, rank in itertools.product(range(3), range(2)):
        assert ranks[0][update].truth.shape == ranks[1][update].truth.shape
        assert not torch.equal(ranks[rank][update].truth, ranks[1 - rank][update].truth)
    same(ranks[0][0], Updates(source, seed=3)[0])
