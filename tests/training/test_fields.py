"""Examples of susceptibility: parts of bodies, and the field that a scan shows of them."""

import pytest
import torch

from dealias.configure import typed_arguments
from dealias.errors import UserError
from dealias.phantoms.susceptibility import means
from dealias.susceptibility.problem import referenced
from dealias.training.bodies import bodies, heap
from dealias.training.example import Example
from dealias.training.fields import FINER, FieldSimulation, measured


@pytest.fixture(scope="module")
def some():
    return bodies(2)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(source, seed=0):
    return source.examples(source.size(seeded(seed)), seeded(seed))


@pytest.mark.parametrize("heads", [0.0, 1.0])
def test_an_exact_field_is_that_of_its_target(some, heads):
    source = FieldSimulation(some, (20, 24), (2.0, 3.0), (1e-6, 1e-6), heads, background=0.0, hide_noise_level=1.0)
    for seed in range(3):
        example = drawn(source, seed)
        problem, known = example.problem, example.problem.support
        made, seen = problem.operator(example.target)[known], problem.data[known]
        likeness = torch.corrcoef(torch.stack([made, seen]))[0, 1]
        assert likeness > 0.8, "the rest is what lies at the edge, and what a finer grid knows"
        assert (example.target[~known] == 0).all() and abs(float(example.target[known].mean())) < 1e-6
        assert 0.01 < float(example.target[known].std()) < 0.3


def test_a_background_is_larger_than_what_is_left_of_it(some):
    source = FieldSimulation(some, (24, 24), (2.0, 3.0), heads=0.0, background=1.0, hide_noise_level=0.0, batch=2)
    example = drawn(source)
    problem = example.problem
    assert problem.shape == example.target.shape == (2, 24, 24, 24)
    assert float(problem.data.abs().max()) < 0.5, "parts per million, of sources of some"
    assert len(problem.weight.unique()) > 10, "the noise is told"
    again = drawn(source)
    assert torch.equal(again.problem.data, problem.data) and torch.equal(again.target, example.target)
    assert not torch.equal(drawn(source, 1).target, example.target)
    assert isinstance(example, Example) and problem.voxel_size != (1.0, 1.0, 1.0)


def test_noise_grows_where_the_signal_is_weak():
    signal = torch.ones(32, 32, 32)
    signal[:16] = 0.25
    signal[:, :4] = 0
    seen, noise = measured(torch.zeros(32, 32, 32), signal, 0.01, seeded())
    assert (noise[:, :2] == 0).all() and torch.isclose(noise[2, 5, 5], torch.tensor(0.04))
    spread = [float(seen[part, 2:].std()) for part in (slice(0, 8), slice(8, 16))]
    assert spread == pytest.approx([0.04, 0.01], rel=0.1)


def test_the_mean_of_voxels_and_the_reference():
    fine = torch.arange(64.0).reshape(4, 4, 4)
    assert means(fine, FINER)[0, 0, 0] == fine[:2, :2, :2].mean()
    known = torch.tensor([True, True, False])
    assert referenced(torch.tensor([1.0, 3.0, 9.0]), known).tolist() == [-1, 1, 0]


def test_heaps_differ():
    assert not torch.equal(heap(0).labels, heap(1).labels) and torch.equal(heap(1).labels, heap(1).labels)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [({"crop": [8, 24]}, "crop"), ({"voxel": [2, 1]}, "voxel"), ({"heads": 2}, "heads"), ({"batch": 0}, "batch")],
)
def test_what_cannot_be_drawn(wrong, text):
    with pytest.raises(UserError, match=text):
        FieldSimulation((), **typed_arguments(FieldSimulation, wrong, given=("bodies",)))
