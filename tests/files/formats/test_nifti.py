"""NIfTI as nibabel reads it: values, axes, and where each voxel lies in the patient."""

import os
import sys

import nibabel
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.files.formats import nifti
from dealias.files.formats.nifti import affine
from dealias.files.images import images
from dealias.files.open import open
from dealias.files.write import write
from dealias.header import Header
from files.scans import image, kspace


def oblique(seed=0):
    """A header whose slices lie anywhere; a right-handed rotation."""
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))
    turn = turn * np.sign(np.linalg.det(turn))
    along = tuple(tuple(map(float, row)) for row in turn)
    return Header((4.0, 1.0, 1.5), directions=along, position=(10.0, -20.0, 30.0))


@pytest.mark.parametrize("name", ["i.nii", "i.nii.gz", "I.NII.GZ"])
def test_values_and_axes(tmp_path, name):
    pixels = torch.from_numpy(image(3, 17, 20))
    write(tmp_path / name, pixels, Header((4.0, 1.0, 1.5)))
    found = nibabel.load(tmp_path / name)
    assert found.shape == (20, 17, 3) and found.get_data_dtype() == np.float32
    np.testing.assert_allclose(found.get_fdata()[4, 7, 2], abs(pixels[2, 7, 4]), rtol=1e-6)
    assert found.header.get_zooms() == (1.5, 1.0, 4.0) and found.header["sform_code"] == found.header["qform_code"] == 0
    assert (tmp_path / name).read_bytes().startswith(b"\x1f\x8b") == name.lower().endswith("gz")
    back = torch.stack(images(tmp_path / name))
    torch.testing.assert_close(back.real, pixels.abs() / pixels.abs().amax((1, 2), keepdim=True), rtol=1e-5, atol=1e-6)


def test_frames_and_one_slice(tmp_path):
    film = torch.from_numpy(image(3, 5, 17, 20))
    write(tmp_path / "f.nii", film)
    found = nibabel.load(tmp_path / "f.nii").get_fdata()
    assert found.shape == (20, 17, 3, 5)
    np.testing.assert_allclose(found[4, 7, 2, 3], abs(film[2, 3, 7, 4]), rtol=1e-6)
    torch.testing.assert_close(nifti.images(tmp_path / "f.nii").real, film.abs())
    write(tmp_path / "several.nii", torch.stack((film, 2 * film), 1))
    assert nifti.images(tmp_path / "several.nii").shape == (3, 2, 5, 17, 20)
    torch.testing.assert_close(nifti.images(tmp_path / "several.nii")[:, 1].real, 2 * film.abs())
    write(tmp_path / "one.nii", film[0, 0])
    assert nibabel.load(tmp_path / "one.nii").shape == (20, 17, 1)


@pytest.mark.parametrize("shape", [(16, 18), (17, 20), (17, 19)])
@pytest.mark.parametrize("matrix", [None, (12, 13)])
def test_every_corner_lies_where_the_scanner_says(tmp_path, shape, matrix):
    """World coordinates of corners, summed here axis by axis from position and directions."""
    header = oblique()
    write(tmp_path / "i.nii.gz", torch.ones(3, *shape), Header(header.voxel_size, matrix, {}, *rest(header)))
    found = nibabel.load(tmp_path / "i.nii.gz")
    rows, columns = matrix or shape
    assert found.shape == (columns, rows, 3)
    for corner in ((0, 0, 0), (2, 0, 0), (0, rows - 1, 0), (0, 0, columns - 1), (2, rows - 1, columns - 1)):
        place = np.array(header.position)
        steps = (corner[0], corner[1] - rows // 2, corner[2] - columns // 2)
        for step, size, along in zip(steps, header.voxel_size, header.directions, strict=True):
            place = place + step * size * np.array(along)
        right_front_head = place * (-1, -1, 1)
        for world in (found.get_sform(), found.get_qform()):
            np.testing.assert_allclose((world @ (*corner[::-1], 1))[:3], right_front_head, atol=1e-3)
    assert found.header["sform_code"] == found.header["qform_code"] == 1
    assert found.header.get_xyzt_units()[0] == "mm"


def rest(header):
    return header.directions, header.position


def test_names_of_directions():
    """Rows to the back, columns to the left, slices to the head: an axial image as radiologists look at it."""
    along = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    world = affine(Header((4.0, 1.0, 1.5), None, {}, along, (0.0, 0.0, 0.0)), (16, 16))
    assert nibabel.aff2axcodes(world) == ("L", "P", "S")
    assert affine(Header((4.0, 1.0, 1.5)), (16, 16)) is None


def test_phase_beside_the_magnitude(tmp_path):
    pixels = torch.from_numpy(image(3, 17, 20))
    write(tmp_path / "i.nii.gz", pixels, oblique(), phase=True)
    assert sorted(os.listdir(tmp_path)) == ["i.nii.gz", "i_phase.nii.gz"]
    found = nibabel.load(tmp_path / "i_phase.nii.gz")
    np.testing.assert_allclose(found.get_fdata().T, pixels.angle().numpy(), atol=1e-6)
    np.testing.assert_allclose(found.affine, nibabel.load(tmp_path / "i.nii.gz").affine)
    with pytest.raises(UserError, match=r"i_phase\.nii\.gz: exists already"):
        os.remove(tmp_path / "i.nii.gz")
        write(tmp_path / "i.nii.gz", pixels, phase=True)
    assert os.listdir(tmp_path) == ["i_phase.nii.gz"]
    write(tmp_path / "i.npy", pixels, phase=True)
    assert sorted(os.listdir(tmp_path)) == ["i.npy", "i_phase.nii.gz"]


def test_no_kspace(tmp_path):
    with pytest.raises(UserError, match=r"k\.nii: NIfTI holds no k-space"):
        write(tmp_path / "k.nii", Acquisition.centred(kspace(16, 16)))
    assert not os.listdir(tmp_path)


def test_without_nibabel(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(UserError, match=r"pip install -e '.\[files\]' in the clone"):
        write(tmp_path / "i.nii", torch.ones(4, 4))
    assert not os.listdir(tmp_path)


def test_what_it_is_is_said(tmp_path):
    write(tmp_path / "i.nii.gz", torch.ones(4, 4))
    with pytest.raises(UserError, match=r"i\.nii\.gz: is NIfTI, which holds no k-space; dealias opens"):
        open(tmp_path / "i.nii.gz")
    (tmp_path / "i.nii.gz").rename(tmp_path / "named.h5")
    assert len(images(tmp_path / "named.h5")) == 1


def test_other_kinds(tmp_path):
    pixels = np.abs(image(2, 16, 18))
    for kind, number in ((nibabel.Nifti2Image, np.float64), (nibabel.Nifti1Image, ">i2")):
        nibabel.save(kind((100 * pixels).T.astype(number), np.eye(4)), tmp_path / "i.nii")
        assert images(tmp_path / "i.nii")[1].shape == (16, 18)
    nibabel.save(nibabel.Nifti1Image(image(16, 18).T, np.eye(4)), tmp_path / "c.nii")
    assert float(images(tmp_path / "c.nii")[0].imag.abs().max()) > 0.1


def half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("name", ["i.nii", "i.nii.gz"])
def test_truncated(tmp_path, name):
    write(tmp_path / name, torch.rand(3, 40, 40))
    half(tmp_path / name)
    with pytest.raises(UserError, match="is a damaged NIfTI") as caught:
        images(tmp_path / name)
    assert "\n" not in str(caught.value) and str(caught.value).startswith(str(tmp_path / name))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(edits=st.lists(st.tuples(st.integers(0, 351), st.integers(0, 255)), min_size=1, max_size=4))
@pytest.mark.filterwarnings("ignore")
def test_any_damage_is_explained(tmp_path, edits):
    write(tmp_path / "i.nii", torch.ones(3, 6, 5), overwrite=True)
    content = bytearray((tmp_path / "i.nii").read_bytes())
    for place, value in edits:
        content[place] = value
    (tmp_path / "i.nii").write_bytes(content)
    try:
        images(tmp_path / "i.nii")
    except UserError as error:
        assert "\n" not in str(error)
