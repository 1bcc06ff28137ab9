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
