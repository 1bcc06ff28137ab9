"""Files as users have them: each gives one line that names the file, and never runs what is in it."""

import os
import pickle

import h5py
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealias.errors import Note, UserError
from dealias.files.images import images
from dealias.files.open import open
from files.scans import image, kspace

DATA = kspace(2, 16, 18)


def h5(path, **arrays):
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array


def wrong(value):
    data = DATA.copy()
    data[0, 3, 4] = value
    return data


def folder(path):
    path.mkdir()


class Trap:
    def __reduce__(self):
        return os.mkdir, (os.environ["TRAP"],)


def half(path, keep=0.5):
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])


def truncated_h5(path):
    h5(path, kspace=kspace(2, 64, 64))
    half(path)


def truncated_npy(path):
    np.save(path.with_suffix(".npy"), DATA)
    path.with_suffix(".npy").rename(path)
    half(path)


def truncated_npz(path):
    savez(path, kspace=DATA)
    half(path)


def savez(path, **arrays):
    with path.open("wb") as file:
        np.savez(file, **arrays)


def save(path, array):
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=True)


def pickled(path):
    save(path, np.array([Trap(), 1], dtype=object))


def pickled_member(path):
    with path.open("wb") as file:
        np.savez(file, kspace=np.array([Trap()], dtype=object))


ZOO = {
    "empty": (lambda p: p.touch(), "the file is empty"),
    "text": (lambda p: p.write_text("kspace = 1 2 3"), "no known format; dealias opens BART .cfl and .hdr, HDF5"),
    "pickle": (lambda p: p.write_bytes(pickle.dumps(Trap())), "no known format"),
    "zip": (lambda p: p.write_bytes(b"PK\x03\x04 some document"), "no known format"),
    "folder": (folder, "is a folder"),
    "missing": (lambda p: p.with_name("a_scon").touch(), "does not exist; did you mean a_scon"),
    "truncated h5": (truncated_h5, "damaged or truncated"),
    "truncated npy": (truncated_npy, "damaged or truncated"),
    "truncated npz": (truncated_npz, "damaged or truncated"),
    "only magic": (lambda p: p.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100)), "damaged or truncated"),
    "objects": (pickled, "pickled Python objects"),
    "objects in npz": (pickled_member, "pickled Python objects"),
    "no kspace": (lambda p: h5(p, a=np.ones(3), image=DATA), "no array 'kspace'; the file holds a .3,. float64, image"),
    "nothing": (lambda p: h5(p), "the file holds nothing"),
    "two": (lambda p: h5(p, a=DATA, b=DATA), r"several .* a \(2, 16, 18\) complex64, b .*--key.*--axes"),
    "two in npz": (lambda p: savez(p, a=DATA, b=DATA), r"several .* a \(2, 16, 18\) complex64, b .*--key"),
    "integers": (lambda p: h5(p, kspace=np.ones((2, 16, 18), int)), "int64 numbers, not complex"),
    "real": (lambda p: h5(p, kspace=np.ones((2, 16, 18))), "float64 numbers, not complex"),
    "real npy": (lambda p: save(p, np.ones((16, 18), np.longdouble)), "float64 numbers, not complex"),
    "text array": (lambda p: save(p, np.full((16, 18), "a")), "not numbers"),
    "dates": (lambda p: save(p, np.zeros((16, 18), "M8[s]")), "not numbers"),
    "strings": (lambda p: h5(p, kspace=[["a", "b"]]), "not numbers"),
    "nan": (lambda p: h5(p, kspace=wrong(np.nan)), "1 values that are NaN or infinite"),
    "inf": (lambda p: save(p, wrong(np.inf)), "1 values that are NaN or infinite"),
    "one axis": (lambda p: h5(p, kspace=DATA[0, 0]), "1 axes"),
    "one axis npy": (lambda p: save(p, DATA[0, 0]), "1 axes"),
    "six axes": (lambda p: h5(p, kspace=np.broadcast_to(DATA, (2, 2, 2, *DATA.shape))), "6 axes .*--axes"),
    "scalar": (lambda p: h5(p, kspace=1j), "0 axes"),
    "no slices": (lambda p: h5(p, kspace=DATA[:0]), "k-space is empty"),
    "no slices npy": (lambda p: save(p, DATA[:0]), "k-space is empty"),
    "mask shape": (lambda p: h5(p, kspace=DATA, mask=np.ones(17)), "mask has shape"),
    "mask slices": (lambda p: h5(p, kspace=DATA, mask=np.ones((3, 16, 18))), "mask has 3 slices, k-space 2"),
    "mask axes": (lambda p: h5(p, kspace=DATA, mask=np.ones((1, 1, 1, 1, 18))), "mask has shape"),
    "mask text": (lambda p: savez(p, kspace=DATA, mask=np.array(["a"])), "'mask' holds <U1, not numbers"),
    "outside": (lambda p: h5(p, kspace=DATA, mask=np.arange(18) > 0), "mask leaves out 32 of the 576 places"),
    "coils": (lambda p: savez(p, kspace=DATA, maps=image(3, 16, 18)), "the maps have 3 coils, k-space has 2"),
    "noise": (lambda p: savez(p, kspace=DATA, noise_std=-1.0), "noise_std must be"),
    "radial": (lambda p: h5(p, kspace=DATA, traj=np.ones((2, 3))), "'traj' is a trajectory: radial data are not supp"),
    "radial npz": (lambda p: savez(p, kspace=DATA, trajectory=DATA), "radial data are not supported yet"),
    "corner": (lambda p: h5(p, kspace=np.fft.fftshift(DATA, axes=(-2, -1))), "not centred.*numpy.fft.fftshift"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ZOO)
def test_one_line_that_names_the_file(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("TRAP", str(tmp_path / "trapped"))
    make, text = ZOO[kind]
    make(tmp_path / "a_scan")
    with pytest.raises(UserError, match=text) as caught:
        open(tmp_path / "a_scan")
    line = str(caught.value)
    assert line.startswith(f"{tmp_path / 'a_scan'}: ") and "\n" not in line and len(line) < 400 and ";" in line
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize(
    "options, text",
    [({"key": "kspac"}, "no array 'kspac'; did you mean kspace"), ({"axes": "slice y"}, "--axes names 'slice y'"),
     ({"axes": "slice y z"}, "an axis 'z'; known: batch"), ({"axes": "y y x"}, "name each axis once"),
     ({"axes": ("slice", "coil", "y")}, "y and x among them"), ({"slices": 2}, "there is no slice 2")],
)  # fmt: skip
def test_options_that_do_not_fit(tmp_path, options, text):
    h5(tmp_path / "k", kspace=DATA)
    with pytest.raises(UserError, match=text):
        open(tmp_path / "k", **options)


def test_a_key_for_an_array_without_a_name(tmp_path):
    save(tmp_path / "k", DATA)
    with pytest.raises(UserError, match="leave --key out"):
        open(tmp_path / "k", key="kspace")


def test_legal_with_a_note(tmp_path):
    h5(tmp_path / "k", kspace=0 * DATA, mask=np.zeros(18))
    with pytest.warns(Note, match="samples nothing"):
        assert open(tmp_path / "k").acceleration == float("inf")
    h5(tmp_path / "k", kspace=0 * DATA, mask=np.ones(18))
    assert open(tmp_path / "k").acceleration == 1


def test_odd_sizes(tmp_path):
    h5(tmp_path / "k", kspace=kspace(1, 17, 19))
    torch.testing.assert_close(open(tmp_path / "k").zero_filled[0], torch.from_numpy(image(1, 17, 19)[0]))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_no_right_to_read(tmp_path):
    h5(tmp_path / "k", kspace=DATA)
    (tmp_path / "k").chmod(0)
    with pytest.raises(UserError, match="cannot be read.*check its rights"):
        open(tmp_path / "k")


def reads_or_explains(path):
    for read in (open, images):
        try:
            read(path)
        except UserError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("write", [save, lambda path, data: savez(path, kspace=data)])
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(edits=st.lists(st.tuples(st.integers(0, 299), st.integers(0, 255)), min_size=1, max_size=4))
@pytest.mark.filterwarnings("ignore")
def test_any_damage_to_an_array_is_explained(tmp_path, write, edits):
    write(tmp_path / "k", DATA)
    content = bytearray((tmp_path / "k").read_bytes())
    for place, value in edits:
        content[place] = value
    (tmp_path / "k").write_bytes(content)
    reads_or_explains(tmp_path / "k")


@pytest.mark.parametrize("keep", [0.01, 0.1, 0.3, 0.6, 0.9, 0.999])
def test_any_truncation_is_explained(tmp_path, keep):
    for write in (save, lambda path, data: savez(path, kspace=data), lambda path, data: h5(path, kspace=data)):
        write(tmp_path / "k", DATA)
        half(tmp_path / "k", keep)
        with pytest.raises(UserError, match="damaged or truncated|no known format|empty"):
            open(tmp_path / "k")
