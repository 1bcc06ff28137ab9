import numpy as np
import pytest

from dealias.errors import UserError
from dealias.files.film import film


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
    for path, text in ((tmp_path, "no film"), (tmp_path / "text", "no film"), (tmp_path / "none.npy", "not exist")):
        with pytest.raises(UserError, match=text):
            film(path)


def test_a_real_cine(shared):
    assert film(shared / "dyn_rvsc_cine20_mag.npz").shape == (20, 256, 216)
