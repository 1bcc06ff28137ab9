"""Half-widths have the measured energy whatever their shape."""

import torch

from dealias.error_bar.half_width import FACTOR, half_width


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
