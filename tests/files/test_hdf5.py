"""HDF5 files that lead elsewhere: links within a file are followed, nothing outside it is opened."""

import os
import resource
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest
from h5py import h5d, h5f, h5p, h5s, h5t

from dealias.errors import UserError
from dealias.files.formats import mrd
from dealias.files.hdf5 import listed, opened, text_of
from dealias.files.images import images
from dealias.files.open import open
from files.raw import header, lines, save
from files.scans import kspace

DATA = kspace(2, 16, 18)
SECRET = b"a line that nobody may read of another file" * 40


def external_data(file, name, source, dtype=np.uint8, shape=(1000,)):
    """A dataset whose bytes lie in another file."""
    plan = h5p.create(h5p.DATASET_CREATE)
    plan.set_external(os.fsencode(source), 0, h5f.UNLIMITED)
    h5d.create(file.id, name.encode(), h5t.py_create(np.dtype(dtype)), h5s.create_simple(shape), plan)


def virtual(file, name, source, shape=DATA.shape):
    layout = h5py.VirtualLayout(shape, np.complex64, maxshape=(None, *shape[1:]))
    layout[: shape[0]] = h5py.VirtualSource(source, "kspace", shape, maxshape=(None, *shape[1:]))[: shape[0]]
    file.create_virtual_dataset(name, layout)


def linked(file, name, source):
    file[name] = h5py.ExternalLink(source, "/kspace")


def linked_twice(file, name, source):
    file["there"] = h5py.ExternalLink(source, "/")
    file[name] = h5py.SoftLink("/there/kspace")


@pytest.fixture
def secret(tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["kspace"] = DATA
    (tmp_path / "secret.bin").write_bytes(SECRET)
    os.mkfifo(tmp_path / "fifo")
    return tmp_path


WAYS = {
    "external link": linked,
    "link to a link": linked_twice,
    "virtual dataset": virtual,
    "external storage": lambda file, name, source: external_data(file, name, source, np.complex64, (2, 16, 18)),
}


@pytest.mark.parametrize("target", ["secret.h5", "secret.bin", "fifo", "missing"])
@pytest.mark.parametrize("way", WAYS)
def test_nothing_outside_the_file_is_opened(secret, way, target):
    with h5py.File(secret / "a.h5", "w") as file:
        WAYS[way](file, "kspace", str(secret / target))
    for read in (open, images):
        with pytest.raises(UserError, match=f"a.h5: its 'kspace' lies in another file .*{target}.*never opened; copy"):
            read(secret / "a.h5")


@pytest.mark.parametrize("name", ["ismrmrd_header", "mask", "maps"])
def test_no_byte_of_another_file_comes_along(secret, name):
    with h5py.File(secret / "a.h5", "w") as file:
        file["kspace"] = DATA
        external_data(file, name, secret / "secret.bin")
    try:
        found = open(secret / "a.h5")
    except UserError as error:
        assert "never opened" in str(error)
    else:
        assert "nobody may read" not in str(found.header) and name == "ismrmrd_header"


def test_the_system_refuses_too(secret):
    """Were there another way out of a file, which we do not know, the process that reads could not open it."""
    with h5py.File(secret / "a.h5", "w") as file:
        linked(file, "kspace", str(secret / "secret.h5"))
        virtual(file, "virtual", str(secret / "secret.h5"))
        external_data(file, "stored", secret / "secret.bin")
    code = f"""
import h5py
from dealias.files.reader_process import sealed
with h5py.File({str(secret / "a.h5")!r}) as file, sealed():
    for name in ("kspace", "virtual", "stored"):
        try:
            value = file[name][()]
        except (OSError, KeyError):
            value = 0
        assert not abs(value).any() if name == "virtual" else value == 0, name
    print("sealed")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "sealed\n", done.stderr


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (b"a\xff", "a\ufffd"), ("\udcff", "\ufffd" * 3), (3, "3"), (np.array([1.5, 2]), "1.5 2.0"), (1j, "1j"),
     (np.array([b"a", b"b"]), "a b")],
)  # fmt: skip
def test_whatever_is_stored_is_a_text_that_can_be_written(value, text):
    assert text_of(value) == text and text_of(value).encode()


def test_links_within_a_file_are_followed(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["store/ksp"], file["store/other"] = DATA, 2 * DATA
        file["kspace"] = h5py.SoftLink("/store/ksp")
        file["again"] = h5py.SoftLink("store")
        file["store/self"] = h5py.SoftLink("/store")
        file["nowhere"] = h5py.SoftLink("/missing")
    assert np.array_equal(open(tmp_path / "a.h5").centred_kspace[:, 0], DATA)
    assert np.array_equal(open(tmp_path / "a.h5", key="again/other").centred_kspace[:, 0], 2 * DATA)


def test_one_array_by_two_names_is_one(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["store/measured"] = DATA
        file["latest"] = h5py.SoftLink("/store/measured")
        file["hard"] = file["store/measured"]
    assert np.array_equal(open(tmp_path / "a.h5").centred_kspace[:, 0], DATA)
    save(tmp_path / "r.h5", header((16, 18, 1), (16, 18, 1)), lines(DATA))
    with h5py.File(tmp_path / "r.h5", "a") as file:
        file["newest"] = h5py.SoftLink("/dataset")
    assert mrd.knows((tmp_path / "r.h5").read_bytes()[:16], tmp_path / "r.h5")
    assert open(tmp_path / "r.h5").coils == 2


def test_links_in_circles_and_without_end(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a"], file["b"] = h5py.SoftLink("/b"), h5py.SoftLink("/a")
        file["g/h"] = DATA[0]
        file["g/up"] = file["/"]
    with opened(tmp_path / "a.h5") as file:
        assert [*listed(file)] == ["g/h"]
    with h5py.File(tmp_path / "b.h5", "w") as file:
        group = file
        for _ in range(24):  # 2**24 names
            below = group.create_group("a")
            group["b"] = below
            group = below
    with pytest.raises(UserError, match="b.h5: .*more than 30000 links"):
        open(tmp_path / "b.h5")


def test_a_mask_beside_its_kspace(tmp_path):
    mask = np.arange(18) > 4
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["scan/kspace"], file["scan/mask"], file["mask"] = DATA * mask, np.ones(18), mask
    assert open(tmp_path / "a.h5").acceleration == 1


def test_a_locked_file_says_so(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w", locking=True) as file:
        file["kspace"] = DATA
        file.flush()
        with pytest.raises(UserError, match="a.h5: is locked: another program is writing it"):
            open(tmp_path / "a.h5")
    assert open(tmp_path / "a.h5").coils == 1


def test_lists_of_raw_data_that_point_nowhere(tmp_path):
    """Zeroed bytes of the heap that holds the readouts: libhdf5 alone would search it for ever, or crash."""
    save(tmp_path / "r.h5", header((16, 18, 1), (16, 18, 1)), lines(DATA))
    content = (tmp_path / "r.h5").read_bytes()
    heap = content.index(b"GCOL")
    for place in (8, 16, 24, 32, 48, 200, 1000):
        for kept in (b"\0\0", b"\xff\xff"):
            damaged = content[: heap + place] + kept + content[heap + place + 2 :]
            (tmp_path / "d.h5").write_bytes(damaged)
            try:
                open(tmp_path / "d.h5")
            except UserError as error:
                assert "\n" not in str(error)
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY
