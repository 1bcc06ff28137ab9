"""Samples to hold out: apart, of all radii, points or whole lines, never of the centre, alike for alike problems."""

import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.folds import candidates, line_axis, radii
from dealias.sampling import cartesian, gaussian
from problems import film


def scan(mask, coils=2):
    shape = (coils, *mask.shape[-2:])
    kspace = torch.randn(shape, dtype=torch.complex64, generator=torch.Generator().manual_seed(0)) * mask
    return Acquisition.centred(kspace, mask)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_sets_are_apart_and_nothing_is_lost():
    made = film(batch=(2,), coils=2, shape=(40, 48))
    pairs = made.folds(4, 0.1)
    for kept, held in pairs:
        assert torch.equal(kept.kspace + held.kspace, made.kspace)
        assert not (kept.mask & held.mask).any() and held.mask.any() and held.mask.shape[-3] == 1
    assert int(sum(held.mask.int() for _, held in pairs).max()) == 1, "no sample is in two sets"


def test_each_set_has_the_radii_of_all():
    made = scan(gaussian((96, 90), 3, generator=seeded()))
    able, radius = candidates(made.mask[0]), radii(96, 90)
    levels = torch.tensor([0.1, 0.5, 0.9])
    for _, held in made.folds(4, 0.1):
        assert int(held.mask.sum()) == pytest.approx(0.1 * int(able.sum()), abs=1)
        found, wanted = (radius[chosen].quantile(levels) for chosen in (held.mask[0], able))
        torch.testing.assert_close(found, wanted, atol=0.01, rtol=0)


def test_the_fully_sampled_centre_stays():
    made = scan(gaussian((64, 72), 4, centre=0.1, generator=seeded()))
    inside = radii(64, 72) < radii(64, 72)[~made.mask[0]].min()
    assert int(inside.sum()) > 50
    assert not any((held.mask[0] & inside).any() for _, held in made.folds(5, 0.2))


@pytest.mark.parametrize("axis", [-2, -1])
@pytest.mark.parametrize("kind", ["random", "equispaced"])
def test_lines_are_held_out_whole(kind, axis):
    mask = cartesian((64, 64), 3, lines=kind, generator=seeded()).expand(64, 64)
    if axis == -2:
        mask = mask.T.clone()
    along = -3 - axis
    padded = mask.clone()
    padded.narrow(along, 0, 5).zero_()  # zeros appended by a scanner make no points of lines
    for pattern in (mask, padded):
        made = scan(pattern)
        assert line_axis(made.mask[0]) == axis
        for _, held in made.folds(3, 0.1):
            lines = held.mask[0].any(along, keepdim=True)
            assert lines.any() and torch.equal(held.mask[0], made.mask[0] & lines)


def test_points_are_no_lines():
    grid = torch.zeros(24, 24, dtype=torch.bool)
    grid[::2, ::3] = True
    assert line_axis(grid) is None and line_axis(torch.ones(8, 8, dtype=torch.bool)) is None


def test_frames_of_a_film_hold_out_others_and_slices_the_same():
    mask = cartesian((48, 48), 3, lines="equispaced", generator=seeded()).expand(48, 48)
    mask = mask.expand(2, 4, 1, 48, 48)
    kspace = torch.ones(2, 4, 1, 48, 48, dtype=torch.complex64) * mask
    ((_, held),) = Acquisition.centred(kspace, mask, axes="time y x").folds()
    assert torch.equal(held.mask[0], held.mask[1])
    assert not torch.equal(held.mask[0, 0], held.mask[0, 1])


def test_a_slice_alone_holds_out_what_it_does_in_a_batch():
    masks = torch.stack([gaussian((40, 40), 2.0 + i, generator=seeded(i)) for i in range(3)])[:, None]
    made = Acquisition.centred(torch.ones(3, 2, 40, 40, dtype=torch.complex64) * masks, masks)
    for (_, together), (_, alone) in zip(made.folds(3), made[1].folds(3), strict=True):
        assert torch.equal(together.mask[1], alone.mask)


def test_a_seed_decides():
    made = film(batch=(), coils=1, shape=(40, 40))
    first, again, other = (made.folds(seed=seed)[0][1].mask for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_where_too_few_can_be_held_out_none_are():
    full = scan(torch.ones(16, 16, dtype=torch.bool))
    line = torch.zeros(16, 16, dtype=torch.bool)
    line[:, 8] = True
    for made in (full, scan(line)):
        assert not any(held.mask.any() for _, held in made.folds(4))


@pytest.mark.parametrize(("count", "share"), [(0, 0.1), (11, 0.1), (1, 0), (1, 1.5)])
def test_what_cannot_be_held_out(count, share):
    with pytest.raises(UserError, match="cannot be held out"):
        film().folds(count, share)
