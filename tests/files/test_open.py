import shutil

import numpy as np
import pytest
import torch

from dealias.centring_check import check_centred
from dealias.errors import UserError
from dealias.files.open import open
from files.scans import kspace


def test_content_decides_not_the_extension(tmp_path):
    np.save(tmp_path / "k.npy", kspace(3, 20, 18))
    shutil.move(tmp_path / "k.npy", tmp_path / "k.h5")
    assert open(tmp_path / "k.h5").kspace.shape == (3, 20, 18)
    assert open(str(tmp_path / "k.h5")).coils == 3


def test_a_picture_is_named_as_such(tmp_path):
    (tmp_path / "k.h5").write_bytes(b"\x89PNG\r\n\x1a\n....")
    with pytest.raises(UserError, match=r"k\.h5: is a PNG picture, which holds no k-space; dealias opens BART"):
        open(tmp_path / "k.h5")


@pytest.mark.parametrize(
    "slices, kept", [(2, [2]), (-1, [4]), ("1:4", [1, 2, 3]), ("3", [3]), (slice(None, 2), [0, 1])]
)
def test_slices(tmp_path, slices, kept):
    data = kspace(5, 2, 16, 17)
    np.save(tmp_path / "k.npy", data)
    found = open(tmp_path / "k.npy", slices=slices).centred_kspace
    torch.testing.assert_close(found, torch.from_numpy(data[kept]), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "slices, text",
    [("a", "are not a number"), ("7", "there is no slice 7; choose one from 0 to 4"), ("4:2", "choose none of 5"),
     ("", "are not a number"), (slice(4, 0, -1), "count upwards"), ("1:2:3:4", "are not a number"), ("::0", "upwards")],
)  # fmt: skip
def test_slices_that_do_not_exist(tmp_path, slices, text):
    np.save(tmp_path / "k.npy", kspace(5, 2, 16, 17))
    with pytest.raises(UserError, match=text):
        open(tmp_path / "k.npy", slices=slices)


def test_slices_of_a_single_image(tmp_path):
    np.save(tmp_path / "k.npy", kspace(16, 17))
    with pytest.raises(UserError, match="no axis of slices"):
        open(tmp_path / "k.npy", slices=0)


def test_measured_multi_coil_sets(shared):
    full = open(shared / "mc_espirit_brain8_full.npz")
    assert full.kspace.shape == (8, 230, 180) and full.acceleration == 1
    sparse = open(shared / "brain_8ch_undersampled_kspace.npy")
    assert sparse.coils == 8 and 8 < sparse.acceleration < 8.6
    assert open(shared / "mc_agile_t2brain4.npz").coils == 4
    assert open(shared / "mc_alias8_brain.npz").acceleration > 1.4


@pytest.mark.parametrize(
    "key", ["loraks_t2", "larson_t1sag", "larson_knee", "swastling", "rad229_knee", "rad229_brain"]
)
def test_measured_single_coil_sets(shared, key):
    found = open(shared / "sc_kspace.npz", key=key)
    assert found.coils == 1 and 1 <= found.acceleration < 1.2 and found.zero_filled.isfinite().all()
    with pytest.raises(UserError, match="not centred"):
        check_centred(torch.fft.fftshift(found.centred_kspace, dim=(-2, -1)))


def test_measured_sets_that_need_a_word(shared):
    with pytest.raises(
        UserError, match=r"several arrays could be k-space; the file holds loraks_t2 \(256, 340\).*--key"
    ):
        open(shared / "sc_kspace.npz")
    for name in ("dyn_radial_perfusion", "nc_radial_cardiac12", "nc_spiral_cardiac8"):
        with pytest.raises(UserError, match="radial data are not supported yet"):
            open(shared / f"{name}.npz")


def test_a_measured_film(shared):
    film = open(shared / "dyn_hp13c.npz", key="t2mapping_urea_retrospective_data", axes="y x time")
    assert film.kspace.shape == (20, 1, 140, 70) and "time" in film.axes
