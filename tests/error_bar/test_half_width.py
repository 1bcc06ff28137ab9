"""Half-widths have the measured energy whatever their shape, and the magnitude's share of an error is its true one."""

import pytest
import torch

from dealias.error_bar.half_width import FACTOR, half_width, magnitude_share


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.complex64, generator=torch.Generator().manual_seed(seed))


def test_the_energy_is_the_measured_one_whatever_the_shape():
    image, parts = normal(2, 32, 30), normal(3, 2, 32, 30, seed=1)
    parts[:, 0, :16] *= 20
    energy = torch.tensor([4.0, 0.25]).reshape(2, 1, 1)
    width = half_width(energy, image, parts)
    assert width.shape == image.shape and width.dtype == torch.float32
    torch.testing.assert_close((width / FACTOR).square().mean((-2, -1)), energy.flatten())
    assert width[0, 8].mean() > 2 * width[0, 24].mean(), "wide where the parts disagree"


def test_without_parts_or_where_they_agree_it_is_flat():
    image, energy = normal(16, 16), torch.full((1, 1), 9.0)
    for parts in (image[None][:0], image.expand(3, 16, 16)):
        torch.testing.assert_close(half_width(energy, image, parts), torch.full((16, 16), 3 * FACTOR))


def test_an_error_of_any_phase_is_seen_by_half():
    """A bright image whose detail has any phase."""
    image = 10 + 0.1 * normal(64, 64)
    unseen = torch.rand(64, 64, generator=torch.Generator().manual_seed(1)) > 0.5
    unseen[0, 0] = False
    share = magnitude_share(torch.tensor(0.01, dtype=torch.float64), image, unseen)
    assert float(share) == pytest.approx(0.5, abs=0.05)


def test_a_real_image_of_symmetric_samples_has_errors_in_its_phase():
    image = (5 + torch.rand(64, 64, generator=torch.Generator().manual_seed(0))) * (1 + 0j)
    unseen = torch.zeros(64, 64, dtype=torch.bool)
    unseen[10:55] = True  # 10..54 is its own mirror
    assert float(magnitude_share(torch.tensor(1e-4, dtype=torch.float64), image, unseen)) > 0.99


def test_half_where_the_image_tells_nothing():
    energy = torch.tensor(2.0, dtype=torch.float64)
    assert float(magnitude_share(energy, normal(8, 8), torch.zeros(8, 8, dtype=torch.bool))) == 0.5
    assert float(magnitude_share(energy * 0, normal(8, 8), torch.ones(8, 8, dtype=torch.bool))) == 0.5
