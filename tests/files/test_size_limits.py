"""What a file would become in memory is known before it is opened, and one variable raises the limit."""

import io
import os
import zipfile

import h5py
import numpy as np
import pytest
import torch

from dealias.errors import UserError
from dealias.files.images import images
from dealias.files.open import open
from dealias.files.size_limits import check_size, largest_size, readable
from dealias.files.write import write
from files.scans import kspace

DATA = kspace(2, 16, 18)


@pytest.mark.parametrize(
    "text, size", [("64GB", 64 * 10**9), ("2 GiB", 2 * 2**30), ("1.5M", 1_500_000), ("300", 300), ("7kb", 7000)]
)
def test_sizes_as_people_write_them(monkeypatch, text, size):
    monkeypatch.setenv("DEALIAS_LARGEST", text)
    assert largest_size(1) == size


@pytest.mark.parametrize("text", ["much", "-1", "1 XB", "1e99", "nan"])
def test_what_is_no_size(monkeypatch, text):
    monkeypatch.setenv("DEALIAS_LARGEST", text)
    with pytest.raises(UserError, match="give a size such as 64GB"):
        largest_size(1)


def test_a_file_may_grow_but_not_without_end():
    check_size(2**28, 1)
    check_size(2**30, 2**24)
    with pytest.raises(UserError, match=r"would take 2 GiB of memory, .* set DEALIAS_LARGEST=\d+ "):
        check_size(2**31, 2**10)
    assert [readable(size) for size in (7, 2**20, 3 * 2**40)] == ["7 bytes", "1 MiB", "3 TiB"]


def h5(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("kspace", (2**12, 2**10, 2**10), np.complex64, chunks=(1, 64, 64))


def mask(path):
    with h5py.File(path, "w") as file:
        file["kspace"] = DATA
        file.create_dataset("mask", (2**20, 2**20), bool, chunks=(64, 64))


def npz(path):
    with path.open("wb") as file:
        np.savez_compressed(file, kspace=np.zeros((2**10, 2**8, 2**8), np.complex64))  # 512 MiB in 500 kB


@pytest.mark.parametrize("make", [h5, mask, npz])
def test_a_bomb_is_refused_by_its_size(tmp_path, make):
    make(tmp_path / "a")
    with pytest.raises(UserError, match="a: .* would take .* DEALIAS_LARGEST="):
        open(tmp_path / "a")


def test_slices_of_a_large_file_are_read(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("kspace", (2**20, 16, 18), np.complex64, chunks=(1, 16, 18))
        data[5] = DATA[0]
    assert np.array_equal(open(tmp_path / "a.h5", slices=5).centred_kspace[0, 0], DATA[0])


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_archive_that_numpy_never_writes(tmp_path, method):
    np.save(tmp_path / "kspace.npy", DATA)
    with zipfile.ZipFile(tmp_path / "a.npz", "w", method) as archive:
        archive.write(tmp_path / "kspace.npy", "kspace.npy")
    with pytest.raises(UserError, match="a.npz: 'kspace.npy' is compressed in a way that NumPy never writes"):
        open(tmp_path / "a.npz")


def test_an_array_larger_than_its_member(tmp_path):
    head = io.BytesIO()
    shape = (10**9, 10**6, 4)
    np.lib.format.write_array_header_1_0(head, {"descr": "<c8", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("kspace.npy", head.getvalue())
    with pytest.raises(UserError, match="damaged or truncated"):
        open(tmp_path / "a.npz")


@pytest.mark.parametrize("start", [b"\x93NUMPY\x02\x00\xff\xff\xff\xff", b"\x93NUMPY\xde\xb4s=\xa6\xf2"])
def test_a_header_without_end(tmp_path, start):
    (tmp_path / "a.npy").write_bytes(start + bytes(1000))
    with pytest.raises(UserError, match="a.npy: is damaged or truncated"):
        open(tmp_path / "a.npy")


def test_the_limit_can_be_raised(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "a.npz", kspace=DATA)
    monkeypatch.setenv("DEALIAS_LARGEST", "2000")
    with pytest.raises(UserError, match="would take"):
        open(tmp_path / "a.npz")
    monkeypatch.setenv("DEALIAS_LARGEST", "10kB")
    assert open(tmp_path / "a.npz").kspace.shape == (2, 16, 18)


def nifti(path):
    import gzip
    import struct

    head = bytearray(352)
    head[:4], head[344:348] = struct.pack("<i", 348), b"n+1\0"
    head[40:56] = struct.pack("<8h", 3, 2048, 2048, 1024, 1, 1, 1, 1)
    head[70:74], head[108:112] = struct.pack("<2h", 16, 32), struct.pack("<f", 352)
    path.write_bytes(gzip.compress(bytes(head) + bytes(2**20)))


def png(path):
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(2**22))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


@pytest.mark.parametrize("make", [nifti, png])
def test_a_bomb_of_images_is_refused_by_its_size(tmp_path, make):
    make(tmp_path / "a")
    with pytest.raises(UserError, match="a: .* would take .* DEALIAS_LARGEST="):
        images(tmp_path / "a")


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
def test_a_picture_that_was_cut(tmp_path, keep):
    write(tmp_path / "a.png", torch.rand(1, 40, 40))
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[: int(keep * len(content))])
    with pytest.raises(UserError, match="a.png: is a damaged PNG"):
        images(tmp_path / "a.png")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.h5")
    with pytest.raises(UserError, match="a.h5: is no ordinary file"):
        open(tmp_path / "a.h5")
