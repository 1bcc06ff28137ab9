"""View sharing: the nearest frame lends, and nothing measured is changed."""

import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.evaluation.view_sharing import view_shared
from films import undersampled


def test_the_nearest_frame_lends_and_two_as_near_are_averaged():
    sampled = torch.tensor([[1, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1]])  # (time, column)
    film = torch.arange(1, 6).reshape(5, 1, 1, 1) * torch.ones(5, 1, 3, 4) * (1 + 1j)
    mask = sampled[:, None, None].expand(5, 1, 3, 4)
    shared = view_shared(Acquisition.centred(film * mask, mask, axes=("time", "y", "x")))
    found = shared.centred_kspace.real.squeeze(1)
    wanted = torch.tensor([[1, 2, 3, 3, 3], [0] * 5, [2] * 5, [4, 4, 4, 4, 5]]).T[:, None].expand(5, 3, 4)
    assert torch.allclose(found, wanted.float())
    assert shared.centred_mask.squeeze().any(0).tolist() == [True, False, True, True]


@pytest.mark.parametrize("coils", [1, 3])
def test_better_than_zeros_and_true_to_the_data(coils):
    problem, _ = undersampled(6.0, coils)
    shared = view_shared(problem)
    assert torch.equal(shared.kspace * problem.mask, problem.kspace)
    film = undersampled(1.0, coils, noise_std=0.0)[0].root_sum_of_squares
    errors = [(scan.root_sum_of_squares - film).square().sum() for scan in (problem, shared)]
    assert errors[1] < 0.4 * errors[0]


def test_slices_and_shared_masks():
    problem, _ = undersampled(4.0)
    both = Acquisition.stack([problem, problem])
    assert torch.equal(view_shared(both)[1].kspace, view_shared(problem).kspace)
    still = problem.sampled(torch.arange(64) % 3 == 0)
    assert torch.equal(view_shared(view_shared(still)).kspace, view_shared(still).kspace)


def test_no_time():
    with pytest.raises(UserError, match="needs a film"):
        view_shared(Acquisition.centred(torch.ones(3, 1, 8, 8) + 0j))
