"""MATLAB's files: versions 4 and 5 by SciPy, version 7.3 as MATLAB lays it out."""

import os

import h5py
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.files.coil_maps import read_maps
from dealias.files.images import images
from dealias.files.open import open
from dealias.files.write import write
from dealias.header import Header
from files.scans import image, kspace, unit

DATA = kspace(2, 3, 16, 18)  # slice, coil, y, x


def matlabs(array):
    return array.swapaxes(-1, -2).T


def save(path, version="5", **arrays):
    """A file as MATLAB writes it, from arrays in MATLAB's order."""
    if version != "7.3":
        savemat(path, arrays, format=version, do_compression=version == "5")
        return path
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in arrays.items():
            if isinstance(value, str):
                file[name] = np.array([[ord(letter)] for letter in value], np.uint16)
                file[name].attrs["MATLAB_class"] = np.bytes_("char")
                continue
            stored = np.asarray(value).T  # HDF5 counts the axes the other way round
            if np.iscomplexobj(stored):
                pairs = np.empty(stored.shape, [("real", stored.real.dtype), ("imag", stored.real.dtype)])
                pairs["real"], pairs["imag"] = stored.real, stored.imag
                stored = pairs
            file[name] = stored
            file[name].attrs["MATLAB_class"] = np.bytes_("single")
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM")
    return path


def close(a, b):
    torch.testing.assert_close(a, torch.as_tensor(b).to(a), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("version", ["5", "7.3"])
def test_rows_and_columns_come_first(tmp_path, version):
    for part in (DATA, DATA[0], DATA[0, 0]):
        found = open(save(tmp_path / "k.mat", version, kspace=matlabs(part), t="hello"))
        close(found.centred_kspace, part if part.ndim > 2 else part[None])
    assert open(save(tmp_path / "k.mat", version, kspace=matlabs(DATA)), slices=1).kspace.shape == (1, 3, 16, 18)


def test_version_4(tmp_path):
    found = open(save(tmp_path / "k.mat", "4", kspace=DATA[0, 0].astype(complex)))
    close(found.centred_kspace[0], DATA[0, 0])


@pytest.mark.parametrize("version", ["5", "7.3"])
def test_axes_key_mask_and_maps(tmp_path, version):
    mask = np.random.default_rng(0).random((16, 18)) < 0.5
    maps = unit(image(3, 16, 18))
    parts = {"mask": mask.astype(float), "maps": matlabs(maps), "noise_std": 0.5}
    found = open(save(tmp_path / "k.mat", version, kspace=matlabs(DATA * mask), **parts))
    assert found.noise_std.item() == 0.5 and found.mask.float().mean() == pytest.approx(mask.mean())
    assert np.array_equal(found.centred_mask.squeeze().numpy(), mask)
    close(found.maps[0], maps)
    path = save(tmp_path / "k.mat", version, a=DATA, b=DATA)
    with pytest.raises(UserError, match=r"several arrays could be k-space; the file holds a \(2, 3, 16, 18\)"):
        open(path)
    film = open(path, key="b", axes="time coil y x")
    assert "time" in film.axes and film.kspace.shape == (2, 3, 16, 18)
    close(open(path, key="a", axes=("slice", "coil", "y", "x")).centred_kspace, DATA)
    lines = open(save(tmp_path / "k.mat", version, kspace=DATA[0, 0] * mask[:1], mask=mask[:1]))
    assert lines.mask.float().mean() == pytest.approx(mask[0].mean())


@pytest.mark.parametrize("version", ["5", "7.3"])
def test_maps_alone(tmp_path, version):
    maps = unit(image(3, 16, 18))
    for name in ("maps", "sens"):
        close(read_maps(save(tmp_path / "m.mat", version, **{name: matlabs(maps)}, scale=2.0)), maps)
    with pytest.raises(UserError, match=r"m\.mat: holds no one array of coil maps but a, b; name it 'maps'"):
        read_maps(save(tmp_path / "m.mat", version, a=DATA, b=DATA))


@pytest.mark.parametrize("version", ["5", "7.3"])
def test_axes_that_matlab_dropped(tmp_path, version):
    path = save(tmp_path / "k.mat", version, kspace=matlabs(DATA[0]), axes="y x coil time slice")
    assert open(path).kspace.shape == (1, 1, 3, 16, 18) and "time" in open(path).axes


@pytest.mark.parametrize(
    "shape, dimensions", [((3, 17, 20), 2), ((2, 3, 17, 20), 2), ((2, 5, 3, 17, 20), 3), ((2, 4, 5, 3, 17, 20), 3)]
)
def test_kspace_comes_back(tmp_path, shape, dimensions):
    mask = np.random.default_rng(0).random((*shape[:-3], 1, *shape[-2:])) < 0.6
    maps = unit(image(*shape[-3:]))
    head = Header((4.0, 1.0, 1.5), (17, 16), {}, ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0), (1.0, 0.0, 0.0)), (1.0, 2.0, 3.0))
    before = Acquisition.centred(kspace(*shape) * mask, mask, maps, 0.25, head, ("time", "y", "x")[-dimensions:])
    write(tmp_path / "k.mat", before, attributes={"pattern": "gaussian", "acceleration": 2.0})
    after = open(tmp_path / "k.mat")
    assert after.header == head and len(after.axes) == dimensions and after.noise_std.item() == 0.25
    if len(shape) > 3:
        assert open(tmp_path / "k.mat", slices=1).header == head.of_slices(1) == before[1].header
    close(after.kspace, before.kspace)
    close(after.maps, before.maps)
    assert torch.equal(after.mask, before.mask)
    found = loadmat(tmp_path / "k.mat")
    assert found["kspace"].dtype == np.complex64 and found["kspace"].shape[:3] == (17, 20, 3)
    assert found["pattern"] == "gaussian" and found["axes"][0].startswith("y x coil")


@pytest.mark.parametrize("shape", [(17, 20), (3, 17, 20), (3, 4, 17, 20)])
def test_images_come_back(tmp_path, shape):
    pixels = torch.from_numpy(image(*shape))
    write(tmp_path / "i.mat", pixels, Header((4.0, 1.0, 1.5)), attributes={"method": "rim"})
    found = loadmat(tmp_path / "i.mat")
    assert np.array_equal(found["image"], matlabs(pixels.numpy())) and found["voxel_size"].tolist() == [[4, 1, 1.5]]
    np.testing.assert_allclose(found["reconstruction"], np.abs(found["image"]), rtol=1e-6)
    flat = pixels.reshape(-1, 17, 20)
    close(torch.stack(images(tmp_path / "i.mat")), flat / flat.abs().amax((1, 2), keepdim=True))


def test_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr("dealias.files.formats.matlab.LARGEST", 1000)
    with pytest.raises(UserError, match=r"up to 2 GiB; write \.h5"):
        write(tmp_path / "i.mat", torch.ones(40, 40))
    assert not os.listdir(tmp_path)


def half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


ZOO = {
    "truncated": (lambda p: half(save(p, kspace=DATA)), "damaged or truncated"),
    "truncated 7.3": (lambda p: half(save(p, "7.3", kspace=DATA)), "damaged or truncated"),
    "truncated 4": (lambda p: half(save(p, "4", kspace=DATA[0, 0])), "damaged or truncated"),
    "struct": (lambda p: save(p, scan={"a": DATA, "b": DATA}), "several arrays could be k-space; .* holds scan/a "),
    "cell": (lambda p: save(p, kspace=np.array([DATA, "a"], object)), "no array 'kspace'"),
    "text": (lambda p: save(p, kspace="a"), "no array 'kspace'"),
    "real": (lambda p: save(p, kspace=np.ones((16, 18))), "float64 numbers, not complex"),
    "axes": (lambda p: save(p, kspace=np.stack([DATA, DATA])), r"5 axes .* name them, as --axes 'y x coil time slice'"),
    "unknown axes": (lambda p: save(p, kspace=DATA, axes="a b c d"), "an axis 'a'; known: batch"),
    "empty": (lambda p: save(p, kspace=DATA[:0]), "is empty"),
    "nan": (lambda p: save(p, kspace=DATA[0, 0] * np.nan), "NaN or infinite"),
    "corner": (lambda p: save(p, "7.3", kspace=np.fft.fftshift(DATA[0, 0])), "not centred"),
    "radial": (lambda p: save(p, kspace=DATA, traj=np.ones((2, 3))), "radial data are not supported yet"),
    "magic": (lambda p: p.write_bytes(b"MATLAB 5.0 MAT-file"), "damaged or truncated"),
    "magic 7.3": (lambda p: p.write_bytes(b"MATLAB 7.3 MAT-file"), "damaged or truncated"),
}


@pytest.mark.parametrize("kind", ZOO)
def test_one_line_that_names_the_file(tmp_path, kind):
    make, text = ZOO[kind]
    make(tmp_path / "x.mat")
    with pytest.raises(UserError, match=text) as caught:
        open(tmp_path / "x.mat")
    assert str(caught.value).startswith(f"{tmp_path / 'x.mat'}: ") and "\n" not in str(caught.value)
    assert ";" in str(caught.value)


@pytest.mark.parametrize("version", ["4", "5"])
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(edits=st.lists(st.tuples(st.integers(0, 249), st.integers(0, 255)), min_size=1, max_size=4))
@pytest.mark.filterwarnings("ignore")
def test_any_damage_is_explained(tmp_path, version, edits):
    content = bytearray(save(tmp_path / "k.mat", version, kspace=DATA[0, 0]).read_bytes())
    for place, value in edits:
        content[place] = value
    (tmp_path / "k.mat").write_bytes(content)
    for read in (open, images):
        try:
            read(tmp_path / "k.mat")
        except UserError as error:
            assert "\n" not in str(error)


def test_arrays_of_a_struct_go_by_its_name(tmp_path):
    mask = np.arange(18) > 4
    scan = {"kspace": matlabs(DATA[0] * mask), "mask": np.broadcast_to(mask, (16, 18)) * 1.0, "about": {"name": "head"}}
    save(tmp_path / "x.mat", scan=scan)
    found = open(tmp_path / "x.mat")
    close(found.centred_kspace, DATA[0] * mask)
    assert found.centred_mask.shape == (1, 16, 18) and found.mask.float().mean() == 13 / 18


def test_one_byte_that_kills_the_process_within_scipy(tmp_path):
    """The reader indexes a table by the type that a tag names; whatever it does, the next file is read."""
    good = save(tmp_path / "good.mat", kspace=DATA[0, 0])
    savemat(tmp_path / "k.mat", {"kspace": DATA[0, 0]})
    content = (tmp_path / "k.mat").read_bytes()
    for place, value in ((128 + 8, 255), (128 + 56, 255), (128 + 59, 127), (128 + 57, 200)):
        (tmp_path / "k.mat").write_bytes(content[:place] + bytes([value]) + content[place + 1 :])
        try:
            open(tmp_path / "k.mat")
        except UserError as error:
            assert "damaged or truncated" in str(error) or "no array" in str(error)
        close(open(good).centred_kspace[0], DATA[0, 0])
