"""Points from a Gaussian density: what every mask must do, and the density's shape."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dealias.errors import UserError
from dealias.sampling import cartesian, gaussian


@settings(deadline=None, max_examples=80)
@given(st.integers(1, 65), st.integers(1, 65), st.floats(1, 12), st.integers(0, 2**31))
def test_any_shape(rows, columns, acceleration, seed):
    def draw():
        return gaussian((rows, columns), acceleration, generator=torch.Generator().manual_seed(seed))

    try:
        mask = draw()
    except UserError as error:
        assert "lower the acceleration" in str(error) and "\n" not in str(error)
        return
    assert mask.shape == (rows, columns) and mask.dtype == torch.bool
    assert mask[rows // 2, columns // 2]
    wanted = rows * columns / acceleration
    assert abs(int(mask.sum()) - wanted) <= max(0.5, 0.01 * wanted)
    assert torch.equal(mask, draw())


def test_another_seed_another_mask(generator):
    assert not torch.equal(gaussian((64, 64), 4, generator=generator), gaussian((64, 64), 4, generator=generator))


@pytest.mark.parametrize("shape", [(96, 128), (101, 77)])
def test_the_ellipse_is_always_sampled(shape, generator):
    y, x = ((torch.arange(n, dtype=torch.float64) - n // 2) / n for n in shape)
    inside = (y[:, None] / 0.1) ** 2 + (x / 0.1) ** 2 <= 1
    assert gaussian(shape, 5, generator=generator, centre=0.1)[inside].all()


def test_the_density_falls_as_a_gaussian(generator):
    """At a low rate a draw without replacement is close to the density itself."""
    masks = torch.stack([gaussian((64, 64), 40, generator=generator, centre=0.0) for _ in range(400)])
    rate = masks.double().mean(0)
    y, x = ((torch.arange(n, dtype=torch.float64) - n // 2) / (n / 2) for n in (64, 64))
    squared = y[:, None] ** 2 + x**2
    expected = torch.exp(-squared / (2 * 0.42**2))
    ring = [(squared.sqrt() >= low) & (squared.sqrt() < low + 0.1) & (squared > 0) for low in torch.arange(0, 1, 0.1)]
    seen = torch.stack([rate[r].mean() for r in ring])
    model = torch.stack([expected[r].mean() for r in ring])
    assert torch.allclose(seen / seen[3], model / model[3], rtol=0.15, atol=0.02)
    halves = rate[1:32].mean(), rate[33:].flip(0).mean()
    assert abs(halves[0] / halves[1] - 1) < 0.05


def test_a_narrow_density_does_not_underflow(generator):
    assert gaussian((64, 64), 2, generator=generator, width=0.01).sum() == 2048


@pytest.mark.parametrize("acceleration", [0.5, 0, -3, float("nan"), float("inf"), 1e9])
def test_impossible_accelerations(acceleration):
    with pytest.raises(UserError, match="acceleration") as caught:
        gaussian((32, 32), acceleration)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(32,), (0, 8), (4, 4, 4, 4), (0, 4, 4), (-3, 5)])
def test_impossible_shapes(shape):
    with pytest.raises(UserError, match="two positive sizes"):
        gaussian(shape, 2)


@pytest.mark.parametrize("draw", [gaussian, cartesian])
def test_frames_are_drawn_anew(draw):
    film = draw((3, 32, 40), 4, generator=torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(1)
    assert torch.equal(film, torch.stack([draw((32, 40), 4, generator=generator) for _ in range(3)]))
    assert not torch.equal(film[0], film[1])


@pytest.mark.parametrize("draw", [gaussian, cartesian])
@pytest.mark.parametrize("name", ["width", "centre"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_impossible_densities(draw, name, value):
    with pytest.raises(UserError, match=f"{name}.*impossible"):
        draw((32, 32), 2, **{name: value})
    with pytest.raises(UserError, match="impossible"):
        draw((32, 32), 2, width=0.0)
