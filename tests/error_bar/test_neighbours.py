"""A body that moved between lines is told of by lines side by side, and one that lay still is not."""

import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.error_bar.neighbours import movement
from dealias.error_bar.suspicions import LIMITS, signs, suspicions
from dealias.phantoms import head
from dealias.sampling import cartesian

SHAPE = (96, 90)


def scan(lines="random", shift=(0, 0), axis=-1, coils=None):
    """Return a scan in which the body lies elsewhere for every third line."""
    image = head(SHAPE, seed=4)
    generator = torch.Generator().manual_seed(0)
    shape = SHAPE if axis == -1 else SHAPE[::-1]
    mask = cartesian(shape, 3, lines=lines, centre=0.14, generator=generator).expand(shape)
    still = Acquisition.simulate(image, mask if axis == -1 else mask.T, coils, 0.001, generator=generator)
    moved = Acquisition.simulate(image.roll(shift, (-2, -1)), torch.ones(SHAPE), coils).kspace
    number = torch.fft.fftfreq(SHAPE[axis], 1 / SHAPE[axis]).round()
    there = (number.remainder(3) == 1) & (number.abs() > 2)
    there = (there if axis == -1 else there[:, None]) & still.mask
    kspace = torch.where(there, moved, still.kspace)
    return Acquisition(kspace, still.mask, still.maps, still.noise_std)


@pytest.mark.parametrize("axis", [-1, -2])
@pytest.mark.parametrize("lines", ["random", "equispaced"])
def test_motion_along_the_readout_is_seen(lines, axis):
    along = (3, 0) if axis == -1 else (0, 3)
    assert signs(scan(lines, axis=axis))["moved"] < 0.5 * LIMITS["moved"]
    assert signs(scan(lines, along, axis))["moved"] > LIMITS["moved"]
    assert any("where it moved" in sentence for sentence in suspicions(scan(lines, along, axis)))


def test_scale_does_not_matter():
    found = [movement(scan(shift=(3, 0)).kspace[0] * factor, scan().mask[0, 0]) for factor in (1, 1e-30)]
    assert found[0] == pytest.approx(found[1], rel=1e-3)


def test_where_nothing_tells():
    apart = torch.zeros(90, dtype=torch.bool)
    apart[::3] = True
    kspace = scan().kspace[0]
    assert movement(kspace, apart) is None, "no line has both of its neighbours"
    assert movement(0 * kspace, torch.ones(90, dtype=torch.bool)) is None
    assert "moved" not in signs(Acquisition.simulate(head(SHAPE), torch.ones(SHAPE))), "whose lines are they"
