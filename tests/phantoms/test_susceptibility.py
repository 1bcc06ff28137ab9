"""Heads of known susceptibility that are not the one that all know."""

import torch

from dealias.phantoms.susceptibility import susceptibility


def test_a_seed_makes_another_head_the_same_each_time():
    known, other, again, third = (susceptibility((24,) * 3, seed=seed) for seed in (None, 5, 5, 6))
    assert torch.equal(other.chi, again.chi) and not torch.equal(other.chi, third.chi)
    both = other.mask & known.mask
    assert 0.6 < float(both.sum() / known.mask.sum()) < 1, "it lies elsewhere, not far"
    likeness = torch.corrcoef(torch.stack([other.chi[both], known.chi[both]]))[0, 1]
    assert 0 < likeness < 0.95
    assert abs(float(other.chi[other.mask].mean())) < 1e-5
    assert torch.isfinite(other.scan(seed=1).images.abs()).all()


def test_the_field_inside_is_local_and_background():
    head = susceptibility((24,) * 3, seed=5)
    assert float(head.background[head.mask].std()) > 2 * float(head.local_field[head.mask].std())


def test_the_field_is_no_rougher_where_b0_lies_obliquely():
    along, oblique = (susceptibility((24,) * 3, direction=b0) for b0 in ((1.0, 0.0, 0.0), (0.8, 0.5, 0.33)))
    inside = torch.nn.functional.interpolate(along.mask[None, None].float(), scale_factor=2)[0, 0, 1:-1] > 0
    rough = []
    for head in (along, oblique):
        field = head.fine_field
        rough.append(float((2 * field[1:-1] - field[2:] - field[:-2])[inside].abs().median()))
    assert rough[1] < 1.2 * rough[0]


def test_the_local_field_of_a_scan_is_near_the_mean_over_voxels():
    head = susceptibility((24,) * 3, direction=(0.8, 0.5, 0.33))
    seen, mean = head.sampled_local_field()[head.mask], head.local_field[head.mask]
    assert seen.shape == mean.shape and 0.9 < float(torch.corrcoef(torch.stack([seen, mean]))[0, 1]) < 1
