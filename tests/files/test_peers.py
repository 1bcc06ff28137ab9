"""K-space, masks and maps as other people's software stores them; each file must give the same coil images."""

import warnings

import h5py
import numpy as np
import pytest
import torch
from scipy.io import savemat
from scipy.sparse import csc_matrix

from dealias.errors import Note, UserError
from dealias.files.images import stored_images
from dealias.files.open import open
from dealias.phantoms import head
from files.formats.test_matlab import save as save_matlab
from files.raw import transform
from problems import coil_maps

SLICES, COILS, Y, X = 3, 4, 64, 48
MASK = np.arange(X) % 2 == 0
MASK[16:32] = True


@pytest.fixture(scope="module")
def data():
    """K-space (slice, coil, y, x)."""
    bodies = torch.stack([head((Y, X), seed=n) for n in range(SLICES)])[:, None]
    pixels = bodies * coil_maps(COILS, Y, X)
    draw = np.random.default_rng(0)
    noise = draw.standard_normal(pixels.shape) + 1j * draw.standard_normal(pixels.shape)
    return (transform(pixels.numpy(), (-2, -1)) + 0.002 * noise).astype(np.complex64)


def h5(path, **arrays):
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array
    return path


def same(found, wanted):
    assert found.kspace.shape == wanted.shape
    torch.testing.assert_close(found.centred_kspace.to(torch.complex64), torch.from_numpy(wanted), rtol=0, atol=2e-4)


def compound(data, names, kind):
    found = np.zeros(data.shape, [(name, kind) for name in names])
    found[names[0]], found[names[1]] = data.real, data.imag
    return found


@pytest.mark.parametrize(
    "store",
    [
        lambda k: k.astype(np.complex128),
        lambda k: k.astype(">c8"),
        lambda k: compound(k, ("real", "imag"), "f8"),
        lambda k: compound(k, ("Re", "Im"), "f4"),
        lambda k: compound(k, ("r", "i"), ">f4"),
        lambda k: k[:, None],
        lambda k: k[None],
    ],
)
def test_numbers_of_every_kind(tmp_path, data, store):
    same(open(h5(tmp_path / "a.h5", kspace=store(data))), data)


@pytest.mark.parametrize(
    ("store", "where"),
    [
        (lambda k: np.stack([k.real, k.imag], -1), "along its last axis"),
        (lambda k: np.stack([k.real, k.imag]), "along its first axis"),
        (lambda k: np.stack([k.real, k.imag], 2).reshape(SLICES, 2 * COILS, Y, X).transpose(0, 2, 3, 1), "in turn"),
    ],
)
@pytest.mark.parametrize("kind", ["h5", "npy", "mat"])
def test_real_and_imaginary_parts_of_reals(tmp_path, data, store, where, kind):
    """CC-359 stores (slice, y, x, 24): twelve coils, their parts in turn."""
    stored = store(data)
    path = tmp_path / f"a.{kind}"
    if kind == "h5":
        h5(path, kspace=stored)
    elif kind == "npy":
        np.save(path, stored)
    elif "in turn" in where:
        savemat(path, {"kspace": stored.transpose(1, 2, 3, 0)[..., 0]})
    else:
        savemat(path, {"kspace": np.stack([data.real, data.imag], -1).transpose(2, 3, 1, 0, 4)})
        where = "along its last axis"
    with pytest.warns(Note, match=f"taken for real and imaginary parts {where}"):
        found = open(path)
    same(found, data[0] if kind == "mat" and "in turn" in where else data)


def test_parts_are_read_slice_by_slice(tmp_path, data):
    path = h5(tmp_path / "a.h5", kspace=np.stack([data.real, data.imag], -1))
    with pytest.warns(Note, match="real and imaginary"):
        same(open(path, slices=1), data[1:2])
    with pytest.warns(Note, match="real and imaginary"):
        same(open(path, axes="slice coil y x", slices="1:"), data[1:])


@pytest.mark.parametrize("shape", [(2, Y, X), (3, Y, X, 2), (20, Y, 16)])
def test_real_images_are_no_parts(tmp_path, shape):
    """A stack of two pictures, pairs, and pictures of few columns."""
    pixels = torch.stack([head((Y, X), seed=n) for n in range(2)]).abs().numpy()
    np.save(tmp_path / "a.npy", np.resize(pixels, shape) if shape[0] != 2 else pixels)
    with pytest.raises(UserError, match="not complex ones"):
        open(tmp_path / "a.npy")


def test_parts_in_two_arrays_are_named(tmp_path, data):
    with pytest.raises(UserError, match="'kspace_real' and 'kspace_imag' are the parts of complex numbers"):
        open(h5(tmp_path / "a.h5", kspace_real=data.real, kspace_imag=data.imag))


@pytest.mark.parametrize("order", [(0, 2, 3, 1), (2, 3, 1, 0), (1, 0, 2, 3)])
def test_coils_at_the_end_of_hdf5(tmp_path, data, order):
    """They made an image of columns times coils of every row once."""
    with pytest.warns(Note, match="are taken for"):
        found = open(h5(tmp_path / "a.h5", kspace=data.transpose(order)))
    same(found, data)


@pytest.mark.parametrize(
    "mask",
    [
        MASK[:, None],
        MASK[None, None, :, None],
        MASK[None, None, None, :, None],
        np.broadcast_to(MASK, (SLICES, X)),
        np.broadcast_to(MASK, (SLICES, COILS, Y, X)),
        np.broadcast_to(MASK, (SLICES, Y, X)),
        np.where(MASK, 255, 0).astype(np.uint8),
        MASK.astype(np.complex64),
    ],
)
def test_masks_of_every_shape(tmp_path, data, mask):
    found = open(h5(tmp_path / "a.h5", kspace=data * MASK, mask=mask))
    same(found, data * MASK)
    assert torch.equal(found.centred_mask.any(-2).any(0).squeeze(), torch.from_numpy(MASK))
    same(open(tmp_path / "a.h5", slices=2), (data * MASK)[2:])


def test_a_column_of_a_square_matrix(tmp_path, data):
    """(x, 1) could be rows: what k-space samples tells."""
    square = data[:, :, 8:56]
    for along in (-1, -2):
        kept = MASK if along == -1 else MASK[:, None]
        found = open(h5(tmp_path / "a.h5", kspace=square * kept, mask=MASK[:, None]))
        same(found, (square * kept).astype(np.complex64))


@pytest.mark.parametrize("order", ["yxc", "cyx1", "1cyx", "syxc", "csyx", "s1cyx", "syxc1"])
def test_maps_of_every_order(tmp_path, data, order):
    maps = coil_maps(COILS, Y, X).numpy()
    several = maps if "s" not in order else np.stack([maps * 1j**n for n in range(SLICES)])
    axes = [("s" if "s" in order else "") + "cyx"][0]
    stored = several.transpose([axes.index(name) for name in order if name != "1"])
    stored = np.expand_dims(stored, [axis for axis, name in enumerate(order) if name == "1"])
    path = h5(tmp_path / "a.h5", kspace=data, maps=stored)
    wanted = torch.from_numpy(several).to(torch.complex64).expand(SLICES, COILS, Y, X)
    found = open(path)
    torch.testing.assert_close(found.maps.expand(wanted.shape), wanted)
    torch.testing.assert_close(open(path, slices=1).maps.expand(1, COILS, Y, X), wanted[1:2])
    given = open(h5(tmp_path / "b.h5", kspace=data), maps=stored)
    torch.testing.assert_close(given.maps.expand(wanted.shape), wanted)


def test_maps_and_calibration_beside_k_space_are_not_taken_for_it(tmp_path, data):
    maps = coil_maps(COILS, Y, X).numpy()
    for name in ("csm", "coil_sens", "calibration_data", "ACS"):
        same(open(h5(tmp_path / "a.h5", ksp=data, **{name: maps})), data)


@pytest.mark.parametrize("shape", [(Y, X, 1, COILS, SLICES), (Y, X, 1, COILS, 1, 1, 1)])
def test_axes_of_size_one_in_matlab(tmp_path, data, shape):
    wanted = data if shape[-1] > 1 else data[:1]
    savemat(tmp_path / "a.mat", {"kspace": wanted.transpose(2, 3, 1, 0).reshape(shape)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Note)
        same(open(tmp_path / "a.mat"), wanted)


def test_many_axes_ask_for_names(tmp_path, data):
    five = np.stack([data, data])
    with pytest.raises(UserError, match="name them, as --axes .*averages or echoes is 'batch'"):
        open(h5(tmp_path / "a.h5", kspace=five))
    same(open(tmp_path / "a.h5", axes="batch slice coil y x"), five.swapaxes(0, 1))
    save_matlab(tmp_path / "b.mat", "7.3", kspace_full=five.transpose(3, 4, 2, 1, 0))
    with pytest.raises(UserError, match="averages or echoes is 'batch'"):
        open(tmp_path / "b.mat")
    same(open(tmp_path / "b.mat", axes="y x coil slice time"), five.swapaxes(0, 1))


def test_matlab_files_say_what_they_hold_instead_of_numbers(tmp_path, data):
    cells = np.empty(2, object)
    cells[:] = [data[0, 0], data[1, 0]]
    savemat(tmp_path / "a.mat", {"kspace": cells})
    with pytest.raises(UserError, match=r"'kspace' \(cell\); save numbers"):
        open(tmp_path / "a.mat")
    savemat(tmp_path / "b.mat", {"kspace": csc_matrix(data[0, 0])})
    with pytest.raises(UserError, match=r"'kspace' \(sparse\)"):
        open(tmp_path / "b.mat")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("image.dcm", bytes(128) + b"DICM" + bytes(500), r"no known format \(DICOM\); .*dcm2niix"),
        ("meas_MID1.dat", bytes(4) + b"\x02" + bytes(500), "siemens_to_ismrmrd"),
        ("P12345.7", bytes(500), "ge_to_ismrmrd"),
        ("fid", bytes(500), "bruker_to_ismrmrd"),
        ("scan.pt", b"PK\x03\x04" + bytes(500), "could run code"),
        ("pair.hdr", (348).to_bytes(4, "little") + bytes(344), "save both as one .nii"),
        ("brain.mgz", b"\x1f\x8b" + bytes(300), "mri_convert"),
    ],
)
def test_what_others_write_is_named_with_its_converter(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=words):
        open(tmp_path / name)
    with pytest.raises(UserError, match=words.replace("no known format", "no file of images")):
        stored_images(tmp_path / name)


def test_nan_around_a_body_in_nifti_is_zero(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    body = np.zeros((24, 20, 2), np.float32)
    body[5:18, 5:15] = 3
    nibabel.save(nibabel.Nifti1Image(np.where(body > 0, body, np.nan), np.eye(4)), tmp_path / "a.nii")
    with pytest.warns(Note, match="700 of 960 pixels are NaN"):
        found = stored_images(tmp_path / "a.nii")
    torch.testing.assert_close(found.real, torch.from_numpy(body.T.copy()))
    nibabel.save(nibabel.Nifti1Image(np.where(body > 0, body, np.inf), np.eye(4)), tmp_path / "b.nii")
    with pytest.raises(UserError, match="NaN or infinite"):
        stored_images(tmp_path / "b.nii")
