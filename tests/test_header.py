"""A header goes with its slices: where the chosen ones lie, and how far apart."""

import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.header import Header
from problems import film

ALONG = ((0.0, 0.6, 0.8), (1.0, 0.0, 0.0), (0.0, -0.8, 0.6))  # of slices, rows and columns
OBLIQUE = Header((5.0, 1.0, 1.5), (16, 12), {"patient": "x"}, ALONG, (1.0, 2.0, 3.0))


def stack(header, batch=(6,)):
    scan = film(batch=batch, coils=1)
    return Acquisition.centred(scan.centred_kspace, scan.centred_mask, header=header, shift=None)


@pytest.mark.parametrize("index", [3, -3, (3,)])
def test_the_position_of_slice_3_is_that_of_slice_3(index):
    one = stack(OBLIQUE)[index].header
    assert one.position == pytest.approx((1, 2 + 3 * 5 * 0.6, 3 + 3 * 5 * 0.8))
    assert one.voxel_size == OBLIQUE.voxel_size and one.directions == ALONG and one.text == {"patient": "x"}
    assert stack(OBLIQUE)[0].header == OBLIQUE


def test_a_slice_and_a_frame_of_it():
    scan = stack(OBLIQUE, batch=(3, 4))
    assert scan[2, 1].header == scan[2, 0].header == OBLIQUE.of_slices(2)
    assert scan[2][1].header.position == scan[-1][3].header.position == scan[2, 1].header.position
    (one, *_) = stack(OBLIQUE, batch=(3, 4))
    assert one.header == OBLIQUE


def test_slices_loop_over_their_positions_and_stack_again():
    scan = stack(OBLIQUE)
    heads = [one.header.position for one in scan]
    steps = torch.tensor(heads).diff(dim=0)
    assert torch.allclose(steps, torch.tensor([0.0, 3.0, 4.0]).expand(5, 3), atol=1e-6)
    assert Acquisition.stack(list(scan)).header == OBLIQUE


def test_every_second_slice_is_twice_as_far():
    some = OBLIQUE.of_slices(1, 2)
    assert some.voxel_size == (10, 1, 1.5) and some.position == pytest.approx((1, 5, 7))
    assert some.of_slices(1) == OBLIQUE.of_slices(3).of_slices(0, 2)
    assert OBLIQUE.of_slices(0, 3).position == OBLIQUE.position


@pytest.mark.parametrize(
    "header", [Header(position=(1.0, 2.0, 3.0)), Header((5.0, 1.0, 1.0), position=(1.0, 2.0, 3.0)), Header()]
)
def test_a_place_that_is_not_known_is_not_made_up(header):
    assert header.of_slices(0) == header and header.of_slices(2).position is None
    assert header.of_slices(2).voxel_size == header.voxel_size
    assert header.of_slices(0, 2).position == header.position
