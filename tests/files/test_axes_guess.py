"""A coil axis is recognised by what its images look like, rows and columns by where the energy lies."""

import warnings

import h5py
import numpy as np
import pytest
import torch
from scipy.io import savemat

from dealias.errors import Note
from dealias.files.axes_guess import recognised
from dealias.files.open import open
from dealias.phantoms import head
from files.raw import transform
from problems import coil_maps

COILS, Y, X = 6, 64, 48


def kspace(coils=COILS, fast=False):
    """K-space (coil, y, x) of a head."""
    pixels = head((Y, X)).numpy() * coil_maps(coils, Y, X).numpy()
    mask = np.ones(X, bool)
    if fast:
        mask[1::2] = False
        mask[X // 2 - 10 : X // 2 + 10] = True
    draw = np.random.default_rng(0)
    noise = draw.standard_normal(pixels.shape) + 1j * draw.standard_normal(pixels.shape)
    return ((transform(pixels, (-2, -1)) + 0.002 * noise) * mask).astype(np.complex64)


def slices(count):
    """K-space (slice, y, x) of different heads."""
    return transform(torch.stack([head((Y, X), seed=n) for n in range(count)]).numpy(), (-2, -1)).astype(np.complex64)


def film(count):
    """K-space (time, y, x) of a head of which a part becomes brighter."""
    frames = np.stack([head((Y, X)).numpy() for _ in range(count)])
    frames[:, 20:30, 20:30] *= np.linspace(1, 2, count)[:, None, None]
    return transform(frames, (-2, -1)).astype(np.complex64)


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("coils", [3, 8])
@pytest.mark.parametrize(
    "order, usual, found",
    [
        ("1 c y x", "slice coil y x", "slice coil y x"),
        ("c 1 y x", "slice coil y x", "coil slice y x"),
        ("y x 1 c", "y x coil slice", "y x slice coil"),
        ("y x c 1", "y x coil slice", "y x coil slice"),
        ("c y x", "y x coil", "coil y x"),
        ("c y x", "slice y x", "coil y x"),
        ("y x c", "coil y x", "y x coil"),
        ("x y c", "y x coil", "y x coil"),
    ],
)
def test_coils_are_found_wherever_they_lie(order, usual, found, coils, fast):
    given = order.split()
    stored = kspace(coils, fast).transpose(["cyx".index(name) for name in given if name != "1"])
    stored = np.expand_dims(stored, [axis for axis, name in enumerate(given) if name == "1"])
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        assert recognised(stored, usual.split()) == tuple(found.split())
    assert [note.category for note in notes] == ([] if found == usual else [Note])
    if notes:
        assert f"taken for '{found}'" in str(notes[0].message) and "--axes" in str(notes[0].message)


@pytest.mark.parametrize("scale", [1e-40, 1e-25, 1e25, 1e37])
def test_coils_are_found_at_any_scale(scale):
    """In single precision squares of 1e25 are infinite, those of 1e-25 zero; a RuntimeWarning fails this test."""
    stored = kspace().transpose(1, 2, 0) * np.float32(scale)
    with pytest.warns(Note, match="taken for 'y x coil'"):
        assert recognised(stored, ("slice", "y", "x")) == ("y", "x", "coil")


@pytest.mark.parametrize("stack", [slices(2), slices(8), film(2), film(12), np.stack([slices(1)[0]] * 4)])
def test_slices_and_frames_are_no_coils(stack):
    assert recognised(stack, ("slice", "y", "x")) == ("slice", "y", "x")


def test_slices_of_coils_stay():
    stack = np.stack([kspace(), kspace() * 1j])
    assert recognised(stack, ("slice", "coil", "y", "x")) == ("slice", "coil", "y", "x")


@pytest.mark.parametrize(
    "stack", [np.zeros((3, Y, X), complex), kspace(3)[:, :8, :8], kspace(3)[:, :, ::24], np.ones(18, complex)]
)
def test_what_cannot_be_told_is_as_usual(stack):
    assert recognised(stack, ("slice", "y", "x")) == ("slice", "y", "x")


def test_files(tmp_path):
    """MATLAB's (y, x, 1, coil) and (coil, y, x), and HDF5's (coil, y, x), are one image of several coils."""
    data = kspace()
    savemat(tmp_path / "a.mat", {"kspace": np.moveaxis(data, 0, -1)[:, :, None]})
    savemat(tmp_path / "b.mat", {"kspace": data})
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["kspace"] = data
    for name in ("a.mat", "b.mat", "c.h5"):
        with pytest.warns(Note, match="are taken for"):
            found = open(tmp_path / name)
        torch.testing.assert_close(found.centred_kspace.squeeze(0), torch.from_numpy(data))
    named = open(tmp_path / "b.mat", axes="coil y x")
    torch.testing.assert_close(named.centred_kspace, torch.from_numpy(data))
    assert open(tmp_path / "c.h5", axes="slice y x").coils == 1
