import pytest
import torch

from dealias.coils import simulate
from dealias.errors import UserError


@pytest.mark.parametrize("coils", [1, 2, 8, 32])
def test_unit_root_sum_of_squares(coils, generator):
    maps = simulate((31, 40), coils, generator=generator)
    assert maps.shape == (coils, 31, 40)
    assert torch.allclose(maps.abs().square().sum(0), torch.ones(31, 40), atol=1e-5)


def test_smooth_and_each_bright_elsewhere(generator):
    maps = simulate((64, 64), 6, generator=generator)
    energy = torch.fft.fftshift(torch.fft.fft2(maps), dim=(-2, -1)).abs().square()
    assert energy[:, 26:39, 26:39].sum() > 0.95 * energy.sum()
    brightest = {int(value.abs().argmax()) for value in maps}
    assert len(brightest) == 6


def test_same_seed_same_maps():
    first, second = (simulate((8, 9), 4, generator=torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)


def test_no_coils():
    with pytest.raises(UserError, match="1 or more"):
        simulate((8, 8), 0)


def test_no_cut_runs_through_the_image(generator):
    """The phase of a loop jumps somewhere; it must be behind the ring, where no body is."""
    y, x = torch.linspace(-1, 1, 128)[:, None], torch.linspace(-1, 1, 128)
    body = (y.square() + x.square() < 0.7).float()
    for _ in range(8):
        maps = simulate((128, 128), 8, generator=generator)
        for axis in (-2, -1):
            inside = body.narrow(axis, 1, 127) * body.narrow(axis, 0, 127)
            assert (maps.diff(dim=axis).abs() * inside).max() < 0.15
