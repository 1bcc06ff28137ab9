"""Against the field of a sphere, whose formula textbooks have; adjoint and even at every size and direction."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dealias.errors import UserError
from dealias.operators.dipole import Dipole, dipole
from dealias.testing import assert_adjoint

sizes = st.integers(1, 9)


def sphere(size, radius, voxel=(1.0, 1.0, 1.0), finer=4):
    """A ball of 1 ppm in the middle with partial volumes (z, y, x), and where the voxels lie in millimetres."""
    offset = (torch.arange(finer) + 0.5) / finer - 0.5
    axes = [d * (torch.arange(size)[:, None] - size // 2 + offset).flatten().double() for d in voxel]
    z, y, x = torch.meshgrid(*axes, indexing="ij")
    fine = (z.square() + y.square() + x.square() < radius**2).double()
    ball = torch.nn.functional.avg_pool3d(fine[None, None], finer)[0, 0]
    places = torch.meshgrid(*(d * (torch.arange(size) - size // 2).double() for d in voxel), indexing="ij")
    return ball, torch.stack(places)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 2), sizes, sizes, sizes, st.booleans(), st.booleans(), st.booleans(), st.integers(0, 99))
def test_adjoint_and_normal(batch, z, y, x, doubled, averaged, complex_, seed):
    generator = torch.Generator().manual_seed(seed)
    direction = torch.randn(3, generator=generator).tolist()
    voxel = (0.5 + torch.rand(3, generator=generator)).tolist()
    kind = torch.complex128 if complex_ else torch.float64
    image, data = (torch.randn(batch, z, y, x, dtype=kind, generator=generator) for _ in range(2))
    assert_adjoint(Dipole(voxel, direction, doubled, averaged), image, data)


@settings(max_examples=20, deadline=None)
@given(sizes, sizes, sizes, st.booleans(), st.integers(0, 99))
def test_the_real_transform_has_the_same_kernel(z, y, x, averaged, seed):
    generator = torch.Generator().manual_seed(seed)
    operator = Dipole((1.0, 0.7, 1.3), torch.randn(3, generator=generator).tolist(), averaged=averaged)
    image = torch.randn(z, y, x, dtype=torch.float64, generator=generator)
    kernel = operator.kernel(image)
    wanted = torch.fft.ifftn(torch.fft.fftn(image) * kernel)
    assert wanted.imag.abs().max() <= 1e-12 and (operator(image) - wanted.real).abs().max() <= 1e-12
    assert kernel[0, 0, 0] == 0 and kernel.min() >= -2 / 3 - 1e-12 and kernel.max() <= 1 / 3 + 1e-12


@pytest.mark.parametrize(
    "direction, voxel, doubled, tolerance",
    [
        ((1, 0, 0), (1.0, 1.0, 1.0), True, 0.01),
        ((0, 0, 1), (1.0, 1.0, 1.0), True, 0.01),
        ((0.8, 0.6, 0), (1.0, 1.0, 1.0), True, 0.06),  # its edge has more than the array's frequencies
        ((1, 0, 0), (1.0, 1.0, 1.0), False, 0.05),
        ((0, 0.6, -0.8), (1.0, 0.8, 1.25), True, 0.07),
    ],
)
def test_the_field_of_a_sphere(direction, voxel, doubled, tolerance):
    radius, size = 6.0, 48
    ball, places = sphere(size, radius, voxel)
    field = Dipole(voxel, direction, doubled)(ball)
    distance = torch.linalg.vector_norm(places, dim=0)
    cosine = torch.einsum("i,izyx->zyx", torch.tensor(direction).double(), places) / distance.clamp_min(1)
    theory = (radius / distance.clamp_min(1)) ** 3 / 3 * (3 * cosine.square() - 1)
    outside = (distance > 1.5 * radius) & (distance < 18)
    error = (field - theory)[outside].norm() / theory[outside].norm()
    assert error < tolerance
    inside = field[distance < 0.6 * radius]
    assert abs(float(inside.mean())) < (0.003 if doubled else 0.01), "a sphere makes no field inside itself"


@pytest.mark.parametrize("voxel", [(1.0, 1.0, 1.0), (1.0, 0.8, 1.25)])
@pytest.mark.parametrize("direction", [(1, 0, 0), (0.8, 0.6, 0), (0.48, 0.6, -0.64)])
def test_an_averaged_field_does_not_alternate_far_from_an_edge(direction, voxel):
    """Of boxes: cut off where it is largest, the kernel of an oblique B0 leaves stripes across the volume."""
    radius, size = 5.0, 40
    _, places = sphere(size, radius, voxel, finer=1)
    distance = torch.linalg.vector_norm(places, dim=0)
    ball, far = (distance < radius).double(), (distance > 2 * radius) & (distance < 2.4 * radius)
    stripes = {}
    for averaged in (False, True):
        field = Dipole(voxel, direction, doubled=True, averaged=averaged)(ball)
        second = sum((2 * field - field.roll(1, k) - field.roll(-1, k)) / d**2 for k, d in enumerate(voxel))
        stripes[averaged] = float(second[far].std() / field[far].std())
    assert stripes[True] < 0.01, "far away the field is harmonic"
    assert max(direction) == 1 or stripes[False] > 0.5


@pytest.mark.parametrize("direction", [(1, 0, 0), (0.8, 0.6, 0), (0.48, 0.6, -0.64)])
@pytest.mark.parametrize("voxel", [(1.0, 1.0, 1.0), (1.0, 0.8, 1.25)])
def test_the_field_of_a_soft_ball_however_tilted(direction, voxel):
    places = torch.stack(torch.meshgrid(*(d * (torch.arange(64) - 32).double() for d in voxel), indexing="ij"))
    distance = torch.linalg.vector_norm(places, dim=0)
    ball = torch.exp(-distance.square() / 8) / (8 * torch.pi) ** 1.5
    field = Dipole(voxel, direction, doubled=True)(ball)
    cosine = torch.einsum("i,izyx->zyx", torch.tensor(direction).double(), places) / distance.clamp_min(1)
    theory = (3 * cosine.square() - 1) / (4 * torch.pi * distance.clamp_min(1) ** 3)
    outside = (distance > 10) & (distance < 25)
    assert (field - theory)[outside].norm() < 0.01 * theory[outside].norm()


def test_neither_sign_nor_length_of_the_direction_matter():
    x = torch.randn(5, 6, 7, dtype=torch.float64)
    field = Dipole(direction=(1, 2, 3))(x)
    assert torch.allclose(field, Dipole(direction=(-2, -4, -6))(x), atol=1e-12)
    assert not torch.allclose(field, Dipole()(x), atol=1e-3)


def test_the_ill_conditioned_cone_has_the_known_share():
    kernel = dipole((64, 64, 64), (1, 1, 1), (1, 0, 0)).abs()
    shares = [float((kernel < limit).double().mean()) for limit in (0.1, 0.15, 0.2)]
    assert shares == pytest.approx([0.24, 0.36, 0.47], abs=0.01)


@pytest.mark.parametrize("direction", [(0, 0, 0), (1, 0), (float("nan"), 0, 1)])
def test_no_direction(direction):
    with pytest.raises(UserError, match="B0 cannot point along"):
        Dipole(direction=direction)


@pytest.mark.parametrize("voxel", [(0, 1, 1), (1, 1), (float("inf"), 1, 1), (-1, 1, 1)])
def test_no_voxel(voxel):
    with pytest.raises(UserError, match="voxels cannot be of size"):
        Dipole(voxel)
