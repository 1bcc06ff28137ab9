"""Samples taken instead are as many, spread alike, and few of those that were measured."""

import pytest
import torch

from dealias.error_bar.exchange import exchanged_masks
from dealias.sampling import cartesian, gaussian

SHAPE = (48, 90)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def in_fft_order(mask):
    return torch.fft.ifftshift(mask.bool(), (-2, -1)).unsqueeze(-3)


def lines(kind, acceleration=3, seed=0):
    return in_fft_order(cartesian(SHAPE, acceleration, lines=kind, centre=0.1, generator=seeded(seed)))


def test_equispaced_lines_go_between_each_other_and_the_centre_stays():
    mask = lines("equispaced")
    others = exchanged_masks(mask, 4, seeded())
    centre = torch.fft.fftfreq(90).abs() < 0.04
    for other in others:
        assert other.shape == mask.shape and int(other.sum()) == int(mask.sum())
        assert bool(other[..., centre].all())
        assert int((mask & ~other)[0, 0].sum()) >= 15, "of 21 lines outside the centre few meet another"
    places = [torch.fft.fftshift(other[0, 0]).nonzero().flatten() for other in others]
    for one in places:
        gaps = one.diff()
        assert int(gaps[gaps > 1].max()) <= 6, "as wide as they were"


@pytest.mark.parametrize("kind", ["equispaced", "random"])
def test_lines_along_rows_are_those_along_columns(kind):
    mask = lines(kind)
    along_rows = exchanged_masks(mask.mT, 3, seeded())
    for one, other in zip(exchanged_masks(mask, 3, seeded()), along_rows, strict=True):
        assert torch.equal(one, other.mT)


def test_points_move_to_neighbours():
    mask = in_fft_order(gaussian(SHAPE, 4, centre=0.1, generator=seeded()))
    for other in exchanged_masks(mask, 10, seeded()):
        assert bool(other[0, :2, :2].all())
        assert 0.9 < float(other.sum() / mask.sum()) <= 1
        assert float((mask & ~other).sum() / mask.sum()) > 0.3
        assert not torch.equal(other, mask)


def test_slices_are_alone_and_frames_move_alike():
    both = torch.stack([lines("random", seed=0), lines("random", seed=1)])
    together = exchanged_masks(both, 2, seeded(5))
    for number in range(2):
        alone = exchanged_masks(both[number], 2, seeded(5))
        assert all(torch.equal(a[number], b) for a, b in zip(together, alone, strict=True))
    film = torch.stack([lines("equispaced"), lines("equispaced", seed=1)])
    for other in exchanged_masks(film, 2, seeded(), film=True):
        assert other.shape == film.shape
        assert ((film & ~other).any(-2).sum((-2, -1)) >= 15).all()


def test_what_partial_fourier_left_out_is_taken_instead():
    mask = torch.ones(1, *SHAPE, dtype=torch.bool)
    mask[..., 60:80] = False
    for other in exchanged_masks(mask, 2, seeded()):
        assert bool(other[..., 60:79].all()) and not bool(other[..., 12:30].any())


def test_where_only_the_centre_was_sampled_nothing_can_move():
    mask = torch.zeros(1, *SHAPE, dtype=torch.bool)
    mask[..., 0] = True
    assert all(torch.equal(other, mask) for other in exchanged_masks(mask, 3, seeded()))
