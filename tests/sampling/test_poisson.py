"""Poisson discs: the number asked for, a distance kept, denser inside, and always an end."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from dealias.errors import UserError
from dealias.sampling import gaussian, poisson


def nearest(mask):
    """The distance of every point to its nearest neighbour, and its own from the centre in half axes."""
    points = mask.nonzero().double()
    distances, _ = cKDTree(points).query(points, 2)
    half = torch.tensor(mask.shape) // 2
    return torch.from_numpy(distances[:, 1]), ((points - half) / half).norm(dim=-1)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 65), st.integers(1, 65), st.floats(1, 12), st.floats(0, 6), st.booleans(), st.integers(0, 99))
def test_any_shape(rows, columns, acceleration, falloff, ellipse, seed):
    def draw():
        generator = torch.Generator().manual_seed(seed)
        return poisson((rows, columns), acceleration, falloff=falloff, ellipse=ellipse, generator=generator)

    try:
        mask = draw()
    except UserError as error:
        assert "the acceleration" in str(error) and "\n" not in str(error)
        return
    assert mask.shape == (rows, columns) and mask.dtype == torch.bool
    assert mask[rows // 2, columns // 2]
    wanted = rows * columns / acceleration
    assert abs(int(mask.sum()) - wanted) <= max(0.5, 0.01 * wanted)
    assert torch.equal(mask, draw())


@pytest.mark.parametrize("acceleration", [4, 8, 12])
def test_a_distance_is_kept(acceleration, generator):
    """One density everywhere: no two points nearer than three quarters of the mean spacing; a random draw has
    neighbours that touch, at the distance of one.
    """
    mask = poisson((128, 128), acceleration, falloff=0.0, centre=0.0, generator=generator)
    distances, _ = nearest(mask)
    assert distances.min() > 0.7 * acceleration**0.5
    assert nearest(gaussian((128, 128), acceleration, width=100.0, generator=generator))[0].min() == 1


@pytest.mark.parametrize("shape", [(128, 160), (131, 97)])
def test_the_distance_grows_outwards(shape, generator):
    distances, radius = nearest(poisson(shape, 10, falloff=2.0, centre=0.03, generator=generator))
    rings = [(radius >= low) & (radius < low + 0.2) for low in (0.2, 0.4, 0.6, 0.8)]
    means = [float(distances[ring].mean()) for ring in rings]
    assert all(a < b for a, b in zip(means, means[1:], strict=False))
    # r(0.9) / r(0.3) = 2.8 / 1.6
    assert means[-1] / means[0] == pytest.approx(1.75, abs=0.3)
    for ring, mean in zip(rings, means, strict=True):
        assert distances[ring].min() > 0.6 * mean


@pytest.mark.parametrize("shape", [(96, 128), (101, 77)])
def test_centre_and_ellipse(shape, generator):
    mask = poisson(shape, 6, centre=0.1, ellipse=True, generator=generator)
    y, x = ((torch.arange(n, dtype=torch.float64) - n // 2) / n for n in shape)
    radius = (y[:, None].square() + x.square()).sqrt()
    assert mask[radius <= 0.1].all()
    assert not mask[radius > 0.5 + 1e-9].any()
    assert mask.sum() == round(shape[0] * shape[1] / 6)


def test_frames_are_drawn_anew(generator):
    film = poisson((3, 32, 40), 4, generator=generator)
    assert film.shape == (3, 32, 40) and not torch.equal(film[0], film[1])


def test_everything():
    assert poisson((20, 30), 1).all()


def test_what_cannot_be():
    with pytest.raises(UserError, match="ellipse holds"):
        poisson((32, 32), 1.1, ellipse=True)
    for falloff in (-1.0, float("nan"), float("inf")):
        with pytest.raises(UserError, match="falloff.*impossible"):
            poisson((32, 32), 4, falloff=falloff)
    with pytest.raises(UserError, match="central ones"):
        poisson((32, 32), 8, centre=0.4)
    assert poisson((32, 32), 8, falloff=1e30).sum() == 128
