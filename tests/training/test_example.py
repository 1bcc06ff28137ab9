"""An example: a problem, and what is known of its solution."""

from dataclasses import replace

import pytest
import torch

from dealias.errors import UserError
from dealias.methods.rim import RIM
from dealias.training.example import Example
from problems import film


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_held_samples_are_apart_and_nothing_is_lost():
    scan = film(batch=(3,), coils=2, shape=(20, 24))
    held = Example(scan).holding(0.4, seeded())
    assert torch.equal(held.problem.kspace + held.held.kspace, scan.kspace)
    assert not (held.problem.mask & held.held.mask).any()
    share = float(held.held.mask.sum() / scan.mask.expand(held.held.mask.shape).sum())
    assert 0.3 < share < 0.45
    assert not held.held.centred_mask[..., 8:12, 10:14].any(), "the lowest frequencies stay"
    assert held.held.centred_mask[..., 8:12, :10].any()


def test_all_parts_have_the_scale_that_the_method_knows():
    scan = film(batch=(3,), coils=2)
    example = Example(scan, scan.zero_filled).holding(0.3, seeded()).normalised(RIM(4, 2))
    torch.testing.assert_close(example.problem.zero_filled.abs().amax((-2, -1)), torch.ones(3))
    factor = example.truth[:, None, :1, :1] / scan.zero_filled[:, None, :1, :1]
    torch.testing.assert_close(example.problem.kspace + example.held.kspace, scan.kspace * factor)


def test_maps_that_a_method_finds_serve_the_held_samples_too():
    class Finding(RIM):
        own_maps = True

        def prepared(self, problem):
            return replace(problem, maps=problem.maps.roll(1, -3))

    scan = film(batch=(3,), coils=2)
    example = Example(scan).holding(0.3, seeded()).normalised(Finding(4, 2))
    for problem in (example.problem, example.held):
        assert torch.equal(problem.maps, scan.maps.roll(1, -3))


def test_a_crop_without_signal_stays_finite():
    scan = film(batch=(1,), coils=1).scaled(torch.zeros(1, 1, 1))
    example = Example(scan, scan.zero_filled).normalised(RIM(4, 2))
    assert torch.isfinite(example.truth.abs()).all()


def test_examples_of_one_shape_are_stacked():
    scans = [film(batch=(), coils=2, seed=seed) for seed in (1, 2)]
    both = Example.stack([Example(scan, scan.zero_filled) for scan in scans])
    assert torch.equal(both.problem.kspace[1], scans[1].kspace) and both.truth.shape == (2, 19, 24)
    assert Example.stack([Example(scan) for scan in scans]).target is None
    with pytest.raises(UserError, match="batch 1"):
        Example.stack([Example(scans[0]), Example(film(batch=(), coils=3))])
    with pytest.raises(UserError, match="apart"):
        Example.stack([Example(scans[0], scans[0].zero_filled), Example(scans[1])])


def test_the_noise_level_is_told_hidden_or_estimated():
    example = Example(film(batch=(1,), coils=1))
    kinds = [example.telling_noise(0.3, 0.3, seeded(seed)).problem.noise_std for seed in range(60)]
    hidden = sum(level is None for level in kinds)
    true = sum(level is not None and level.numel() == 1 and float(level) == pytest.approx(0.01) for level in kinds)
    assert 8 < hidden < 30 and 12 < true < 40 and hidden + true < 60
    always = [example.telling_noise(0.0, share, seeded(seed)).problem for share in (0.0, 1.0) for seed in range(5)]
    assert [float(scan.noise_std) == pytest.approx(0.01) for scan in always] == [True] * 5 + [False] * 5


def test_all_parts_go_to_a_device():
    scan = film(batch=(), coils=2)
    there = Example(scan, scan.zero_filled).to("cpu")
    assert torch.equal(there.problem.kspace, scan.kspace) and torch.equal(there.truth, scan.zero_filled)
    assert there.held is None
