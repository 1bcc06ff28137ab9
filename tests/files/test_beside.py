"""What lies beside an image goes where its format has a place for it, cropped and written as the image is."""

import os

import h5py
import nibabel
import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import loadmat

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.files import write as module
from dealias.files.write import write
from dealias.header import Header
from files.scans import image, kspace

HEAD = Header((4.0, 1.0, 1.5), (12, 17), {}, ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)), (1.0, 2.0, 3.0))
FILES = ["i.npy", "i.png", "i.nii", "i.nii.gz", "i.cfl", "i.gif", "i.mp4"]  # those that hold one thing each


def pixels(*shape):
    return torch.from_numpy(image(*shape or (3, 17, 20)))


def bar(like, seed=0):
    """Half-widths of an interval, in double precision as they may come."""
    return torch.rand(like.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def cropped(values):
    """What HEAD shows of 17 rows and 20 columns."""
    return values[..., 2:14, 2:19]


@pytest.mark.parametrize("shape", [(17, 20), (3, 17, 20), (2, 4, 17, 20)])
def test_hdf5_holds_it_in_the_shape_of_the_reconstruction(tmp_path, shape):
    x = pixels(*shape)
    width, rms = bar(x), torch.rand(shape[:-2][:1])
    beside = {"uncertainty": (width, {"coverage": 0.9, "of": None}), "predicted_rms": rms}
    write(tmp_path / "i.h5", x, HEAD, attributes={"method": "rim"}, beside=beside)
    assert os.listdir(tmp_path) == ["i.h5"]
    with h5py.File(tmp_path / "i.h5") as file:
        found = file["uncertainty"]
        assert found.dtype == np.float32 and found.shape == file["reconstruction"].shape
        np.testing.assert_array_equal(found[()].reshape(cropped(x).shape), cropped(width).float())
        assert dict(found.attrs) == {"coverage": 0.9, "of": "None"} and "coverage" not in file.attrs
        np.testing.assert_array_equal(file["predicted_rms"][()], rms if len(shape) > 2 else rms.reshape(1))
        assert set(file) == {"image", "reconstruction", "uncertainty", "predicted_rms"}


def test_matlab_holds_it_as_a_variable(tmp_path):
    x, rms = pixels(), torch.rand(3)
    write(tmp_path / "i.mat", x, HEAD, beside={"uncertainty": (bar(x), {"coverage": 0.9}), "predicted_rms": rms})
    found = loadmat(tmp_path / "i.mat")
    assert found["uncertainty"].dtype == np.float32 and found["uncertainty"].shape == found["reconstruction"].shape
    np.testing.assert_array_equal(found["uncertainty"][..., 2], cropped(bar(x))[2].float())
    assert found["uncertainty_coverage"].item() == 0.9
    np.testing.assert_array_equal(found["predicted_rms"].ravel(), rms)
    assert os.listdir(tmp_path) == ["i.mat"]


def test_nifti_lies_where_the_image_lies(tmp_path):
    x = pixels()
    write(tmp_path / "i.nii.gz", x, HEAD, phase=True, beside={"uncertainty": bar(x), "predicted_rms": torch.ones(3)})
    assert sorted(os.listdir(tmp_path)) == ["i.nii.gz", "i_phase.nii.gz", "i_uncertainty.nii.gz"]
    found = nibabel.load(tmp_path / "i_uncertainty.nii.gz")
    np.testing.assert_allclose(found.get_fdata().T, cropped(bar(x)), rtol=1e-6)
    np.testing.assert_array_equal(found.affine, nibabel.load(tmp_path / "i.nii.gz").affine)


def test_numpy_is_real_where_it_is(tmp_path):
    x = pixels()
    write(tmp_path / "i.npy", x, HEAD, beside={"uncertainty": bar(x), "other": 2 * x})
    found, other = np.load(tmp_path / "i_uncertainty.npy"), np.load(tmp_path / "i_other.npy")
    assert found.dtype == np.float32 and other.dtype == np.complex64
    np.testing.assert_array_equal(found, cropped(bar(x)).float())
    np.testing.assert_array_equal(other, 2 * np.load(tmp_path / "i.npy"))


def test_bart_gets_a_pair(tmp_path):
    x = pixels()
    write(tmp_path / "i.cfl", x, HEAD, beside={"uncertainty": bar(x)})
    assert sorted(os.listdir(tmp_path)) == ["i.cfl", "i.hdr", "i_uncertainty.cfl", "i_uncertainty.hdr"]
    assert (tmp_path / "i.hdr").read_text() == (tmp_path / "i_uncertainty.hdr").read_text()
    found = np.fromfile(tmp_path / "i_uncertainty.cfl", "<c8").reshape(3, 17, 12)
    np.testing.assert_array_equal(found, cropped(bar(x)).mT.to(torch.complex64))


def test_a_picture_has_a_scale_of_its_own_and_says_it(tmp_path):
    x = pixels()
    x[0, :12] = 100  # beside which an error bar would be black
    width = torch.full(x.shape, 0.25)
    width[..., 8:, :] = 0.5
    write(tmp_path / "i.png", x, attributes={"method": "rim"}, beside={"uncertainty": (width, {"coverage": 0.9})})
    with Image.open(tmp_path / "i_uncertainty.png") as picture:
        assert picture.text == {"method": "rim", "coverage": "0.9", "black": "0.0", "white": "0.5"}
        assert np.array(picture)[[0, 16], 0].tolist() == [128, 255]
    with Image.open(tmp_path / "i.png") as picture:
        assert picture.text == {"method": "rim", "black": "0.0", "white": "100.0"}
    write(tmp_path / "d.png", x, beside={"difference": width - 0.5})
    with Image.open(tmp_path / "d_difference.png") as picture:
        assert picture.text == {"black": "-0.25", "white": "0.25"}


@pytest.mark.parametrize("name", ["i.gif", "i.mp4"])
def test_a_film_beside_a_film(tmp_path, name):
    if name.endswith("mp4"):
        pytest.importorskip("av")
    x = pixels(5, 32, 40)
    write(tmp_path / name, x, beside={"uncertainty": bar(x)})
    kind = name[1:]
    assert sorted(os.listdir(tmp_path)) == [name, f"i_uncertainty{kind}"]
    if name.endswith("gif"):
        with Image.open(tmp_path / "i_uncertainty.gif") as picture:
            assert picture.n_frames == 5 and picture.info["comment"].startswith(b"black: 0.0\nwhite: 0.9")


@pytest.mark.parametrize("name", FILES)
def test_what_exists_is_not_replaced_unasked(tmp_path, name):
    if name.endswith("mp4"):
        pytest.importorskip("av")
    there = name.replace("i.", "i_uncertainty.", 1)
    (tmp_path / there).write_text("precious")
    x = pixels()
    with pytest.raises(UserError, match=f"{there}: exists already"):
        write(tmp_path / name, x, beside={"uncertainty": bar(x)})
    assert os.listdir(tmp_path) == [there] and (tmp_path / there).read_text() == "precious"
    write(tmp_path / name, x, beside={"uncertainty": bar(x)}, overwrite=True)
    assert (tmp_path / name).exists() and (tmp_path / there).read_bytes() != b"precious"


@pytest.mark.parametrize("name", ["i.npy", "i.nii", "i.png"])
def test_all_or_nothing(tmp_path, monkeypatch, name):
    """The image is in place last, when all that belongs to it is; an error on the way leaves none of them."""
    writer = module._writer(tmp_path / name)
    usual, x = writer.write, pixels()

    def refuse(path, *rest):
        if "uncertainty" in path.name:
            raise OSError(28, "no space")
        usual(path, *rest)

    monkeypatch.setattr(writer, "write", refuse)
    with pytest.raises(UserError, match="no space left on the disk"):
        write(tmp_path / name, x, beside={"uncertainty": bar(x)})
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("name", ["", "../up", "a b", "1st", "_x", "größe", "x" * 32, "image", "position", "method"])
@pytest.mark.parametrize("file", ["i.h5", "i.npy"])
def test_names_that_cannot_be(tmp_path, file, name):
    x = pixels()
    with pytest.raises(UserError, match=rf"{file}: '{name}' cannot lie beside an image"):
        write(tmp_path / file, x, attributes={"method": "rim"}, beside={name: bar(x)})
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("shape", [(17, 20), (3, 17, 21), (1, 3, 17, 20), (2,), (3, 17), (12, 17)])
def test_shapes_that_do_not_fit(tmp_path, shape):
    with pytest.raises(UserError, match=r"i\.h5: 'uncertainty' has shape .*, the image \(3, 17, 20\)"):
        write(tmp_path / "i.h5", pixels(), HEAD, beside={"uncertainty": torch.ones(shape)})
    assert not os.listdir(tmp_path)


def test_nothing_lies_beside_kspace(tmp_path):
    scan = Acquisition.centred(kspace(16, 16))
    with pytest.raises(UserError, match=r"k\.h5: nothing lies beside k-space; write uncertainty with the image"):
        write(tmp_path / "k.h5", scan, beside={"uncertainty": torch.ones(16, 16)})
    assert not os.listdir(tmp_path)


def test_the_image_is_read_back_and_not_what_lies_beside_it(tmp_path):
    from dealias.files.formats import fastmri, matlab

    x = pixels()
    for name, reader in (("i.h5", fastmri), ("i.mat", matlab)):
        write(tmp_path / name, x, beside={"a": 3 * x, "uncertainty": bar(x)})
        torch.testing.assert_close(reader.images(tmp_path / name), x)
