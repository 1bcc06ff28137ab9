"""MRD's contrasts as the echoes of susceptibility."""

import numpy as np
import pytest
import torch

from dealias.errors import UserError
from dealias.susceptibility.echoes import Told
from dealias.susceptibility.scan import read_scan, reconstructed
from files.raw import header, lines, save, transform

VIEWS = ((32.0, 30.0, 24.0), (16.0, 30.0, 24.0))
SAID = {"milliseconds": (4.0, 8.0, 12.0), "tesla": 3.0}
DIRECTIONS = np.float32([[0.6, 0.8, 0], [-0.48, 0.36, 0.8], [0.64, -0.48, 0.6]])  # of readout, phase, slice


def images():
    """Three echoes of two coils (echo, coil, x, y, z): 16 of 32 samples in x show them."""
    generator = torch.Generator().manual_seed(0)
    inside = torch.view_as_complex(torch.randn(3, 2, 16, 10, 8, 2, generator=generator)).numpy()
    return inside, transform(np.pad(inside, [(0, 0)] * 2 + [(8, 8)] + [(0, 0)] * 2), (2, 3, 4))


def places():
    read, phase, normal = DIRECTIONS
    return {"read_dir": read, "phase_dir": phase, "slice_dir": normal, "position": (1.0, 2.0, 3.0)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "scan.h5"


def contrasts(kspace, **more):
    return [a for number, echo in enumerate(kspace) for a in lines(echo, contrast=number, **places(), **more)]


def test_contrasts_are_echoes(path):
    inside, kspace = images()
    save(path, header((32, 10, 8), (16, 10, 8), VIEWS, **SAID), contrasts(kspace))
    found, echoes = read_scan(path, Told())
    assert found.shape == (3, 2, 8, 10, 16)
    shown = reconstructed(found, "zero_filled")
    torch.testing.assert_close(shown, torch.from_numpy(inside).transpose(-1, -3), rtol=1e-4, atol=1e-4)
    assert echoes.echo_times == pytest.approx((0.004, 0.008, 0.012)) and echoes.field_strength == 3
    assert echoes.voxel_size == pytest.approx((3, 3, 1))
    assert np.abs(np.dot(echoes.direction, DIRECTIONS[::-1, 2])) == pytest.approx(1, abs=1e-5)
    centre = echoes.affine @ (8, 5, 4, 1)  # the middle voxel lies at the position, of which two axes point elsewhere
    np.testing.assert_allclose(centre[:3], (-1, -2, 3), atol=1e-4)
    _, told = read_scan(path, Told([0.001, 0.002, 0.003], 7.0, (1, 0, 0)))
    assert told.echo_times == (0.001, 0.002, 0.003) and told.field_strength == 7 and told.direction == (1, 0, 0)


def test_slices_become_a_volume(path):
    inside, _ = images()
    planes = transform(inside, (2, 3))
    scan = []
    for number in range(8):
        place = {**places(), "position": 3.5 * number * DIRECTIONS[2]}
        for echo in range(3):
            scan += lines(planes[echo, ..., number], contrast=echo, slice=number, **place)
    views = ((16.0, 30.0, 3.0),) * 2
    save(path, header((16, 10, 1), (16, 10, 1), views, **SAID), scan)
    found, echoes = read_scan(path, Told())
    shown = reconstructed(found, "zero_filled")
    torch.testing.assert_close(shown, torch.from_numpy(inside).transpose(-1, -3), rtol=1e-4, atol=1e-4)
    assert echoes.voxel_size == pytest.approx((3.5, 3, 1))


@pytest.mark.parametrize(
    ("kept", "said", "text"),
    [
        (slice(3), {"tesla": 3.0}, "--echo_times"),
        (slice(2), SAID, "3 echo times and 2 contrasts"),
        (slice(1), {"milliseconds": (4.0,)}, "one echo"),
        (slice(3), {"milliseconds": (0.004, 0.008, 0.012)}, "too short"),
    ],
)
def test_raw_data_that_do_not_say_enough(path, kept, said, text):
    _, kspace = images()
    save(path, header((32, 10, 8), (16, 10, 8), VIEWS, **said), contrasts(kspace[kept]))
    with pytest.raises(UserError, match=text):
        read_scan(path, Told())


def test_raw_data_that_are_no_volume_of_echoes(path):
    _, kspace = images()
    twice = contrasts(kspace) + contrasts(kspace, repetition=1)
    save(path, header((32, 10, 8), (16, 10, 8), VIEWS, **SAID), twice)
    with pytest.raises(UserError, match="repetition"):
        read_scan(path, Told())
    flat = path.with_name("flat.h5")
    save(flat, header((32, 10, 1), (16, 10, 1), **SAID), contrasts(kspace[..., :1]))
    with pytest.raises(UserError, match="one slice"):
        read_scan(flat, Told())


def test_a_field_strength_from_the_frequency_of_protons(path):
    _, kspace = images()
    save(path, header((32, 10, 8), (16, 10, 8), VIEWS, milliseconds=SAID["milliseconds"]), contrasts(kspace))
    assert read_scan(path, Told())[1].field_strength == pytest.approx(63.5 / 42.577, rel=1e-5)
