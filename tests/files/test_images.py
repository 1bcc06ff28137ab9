import h5py
import numpy as np
import pytest
import torch
from PIL import Image

from dealias.errors import UserError
from dealias.files.images import film, images, stored_images
from files.scans import header, image, kspace, transform


def one(pixels):
    return torch.from_numpy(pixels / np.abs(pixels).max())


def close(a, b):
    torch.testing.assert_close(a, b.to(torch.complex64), rtol=1e-4, atol=1e-5)


def test_arrays(tmp_path):
    pixels = image(2, 16, 18)
    np.save(tmp_path / "a.npy", 5 * pixels)
    np.save(tmp_path / "b.npy", np.abs(pixels[0]))
    np.save(tmp_path / "c.npy", np.stack([pixels.real, pixels.imag], -1).astype(np.float16))
    found = images(tmp_path)
    assert len(found) == 5 and all(i.shape == (16, 18) and i.dtype == torch.complex64 for i in found)
    close(found[1], one(pixels[1]))
    close(found[2], one(np.abs(pixels[0])))
    assert (found[4] - one(pixels[1])).abs().max() < 1e-2


def test_the_form_of_siat(tmp_path):
    pixels = image(3, 16, 18)
    scale = np.abs(pixels).max((1, 2)) / 32767
    pairs = np.stack([pixels.real, pixels.imag], -1) / scale[:, None, None, None]
    np.savez(tmp_path / "s.npz", image=pairs.round().astype(np.int16), scale=scale, subject=np.arange(3))
    found = images(tmp_path / "s.npz")
    assert len(found) == 3
    assert (found[2] - one(pixels[2])).abs().max() < 1e-3


def test_hdf5(tmp_path):
    pixels = image(2, 40, 24)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["image"] = pixels
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["kspace"] = transform(pixels)
        file["ismrmrd_header"] = header(20, 24, 18)
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["kspace"] = kspace(2, 3, 40, 24)
        file["reconstruction_rss"] = np.abs(pixels)
    a, _, b, _, _, c = images(tmp_path)
    close(a, one(pixels[0]))
    close(b, one(pixels[0, 10:30, 3:21]))
    close(c, one(np.abs(pixels[1])))


def test_undersampled_kspace_is_no_image(tmp_path):
    with h5py.File(tmp_path / "k.h5", "w") as file:
        file["kspace"] = kspace(2, 16, 18) * (np.arange(18) % 2)
    with pytest.raises(UserError, match=r"k\.h5: holds no images: .*reconstruct it first"):
        images(tmp_path)
    np.save(tmp_path / "k.npy", kspace(64, 64))
    with pytest.raises(UserError, match=r"k\.npy: the array looks like k-space"):
        images(tmp_path / "k.npy")


def test_pictures_in_folders(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    grey = np.arange(30, dtype=np.uint8).reshape(5, 6)
    Image.fromarray(grey).save(tmp_path / "deep" / "er" / "a.png")
    Image.fromarray(np.stack([grey] * 3, -1)).save(tmp_path / "b.png")
    Image.fromarray(grey.astype(np.uint16) * 1000).save(tmp_path / "c.png")
    (tmp_path / "README").write_text("not an image")
    (tmp_path / "empty").touch()
    np.save(tmp_path / "zero.npy", np.zeros((4, 4)))
    found = images(tmp_path)
    assert len(found) == 3
    for pixels in found:
        close(pixels, torch.from_numpy(grey / 29).to(torch.complex64))


def test_images_of_no_pixels(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 0)))
    with pytest.raises(UserError, match=r"a.npy: holds images of shape \(3, 0\), which are none"):
        stored_images(tmp_path / "a.npy")


def test_none_found(tmp_path):
    (tmp_path / "README").write_text("hello")
    for path, text in [
        (tmp_path, "no images found"),
        (tmp_path / "README", "is no file of images"),
        (tmp_path / "no", "not exist"),
    ]:
        with pytest.raises(UserError, match=text) as caught:
            images(path)
        assert str(caught.value).startswith(f"{path}: ")


def test_broken_files_are_named(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n half")
    with pytest.raises(UserError, match=r"a\.png: is a damaged PNG"):
        images(tmp_path)
    (tmp_path / "a.png").unlink()
    np.save(tmp_path / "n.npy", np.full((4, 4), np.nan))
    with pytest.raises(UserError, match=r"n\.npy: holds NaN"):
        images(tmp_path)


def test_real_stacks(shared):
    brain = images(shared / "siat_brain_val.npz")
    assert len(brain) == 30 and brain[0].shape == (256, 270) and brain[7].abs().max() == pytest.approx(1)
    assert len(images(shared / "ukat_t1_philips.npz")) == 90
    with pytest.raises(UserError, match="looks like k-space"):
        images(shared / "sc_kspace.npz")


def test_frames_keep_their_brightness(tmp_path):
    frames = np.arange(24).reshape(3, 2, 4) * 10
    np.save(tmp_path / "film.npy", frames)
    found = film(tmp_path / "film.npy")
    assert found.shape == (3, 2, 4) and found.is_complex()
    np.testing.assert_allclose(found.real, frames / 230, rtol=1e-6)


def test_one_film_of_whatever_leading_axes(tmp_path):
    frames = np.random.default_rng(0).random((1, 3, 8, 8))
    np.save(tmp_path / "film.npy", frames)
    np.testing.assert_allclose(film(tmp_path / "film.npy").real, frames[0] / frames.max(), rtol=1e-6)
    np.save(tmp_path / "two.npy", np.ones((2, 3, 8, 8)))
    with pytest.raises(UserError, match=r"two.npy: holds 2 films"):
        film(tmp_path / "two.npy")
    np.save(tmp_path / "last.npy", np.ones((40, 40, 8)))
    with pytest.raises(UserError, match="40 frames of 40 x 8; save time first"):
        film(tmp_path / "last.npy")


def test_what_is_no_film(tmp_path):
    for name, value in (("one", np.ones((4, 4))), ("zero", np.zeros((3, 4, 4))), ("nan", np.full((3, 4, 4), np.nan))):
        np.save(tmp_path / f"{name}.npy", value)
        with pytest.raises(UserError, match=f"{name}.npy: holds"):
            film(tmp_path / f"{name}.npy")
    (tmp_path / "text").write_text("hello")
    for path, text in (
        (tmp_path, "no file of images"),
        (tmp_path / "text", "no file of images"),
        (tmp_path / "none.npy", "not exist"),
    ):
        with pytest.raises(UserError, match=text):
            film(path)


def test_a_real_cine(shared):
    assert film(shared / "dyn_rvsc_cine20_mag.npz").shape == (20, 256, 216)
