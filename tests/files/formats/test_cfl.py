"""BART's pairs: what BART writes we read, what we write BART reads."""

import os
import shutil
import subprocess

import numpy as np
import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.files.formats import cfl
from dealias.files.images import images
from dealias.files.open import open
from dealias.files.recognition import recognise
from dealias.files.write import write
from dealias.phantoms import shepp_logan
from files.scans import image, kspace, transform

needs_bart = pytest.mark.skipif(shutil.which("bart") is None, reason="no BART here")


@pytest.fixture
def bart(tmp_path):
    def run(*words):
        subprocess.run(["bart", *map(str, words)], cwd=tmp_path, check=True, capture_output=True)

    return run


def save(path, array):
    """An array whose axes are BART's, first fastest, written without our code."""
    sizes = [*array.shape, *(1,) * (16 - array.ndim)]
    path.with_suffix(".hdr").write_text(f"# Dimensions\n{' '.join(map(str, sizes))} \n# Command\nphantom x\n")
    array.astype("<c8").T.tofile(path.with_suffix(".cfl"))
    return path.with_suffix(".cfl")


def close(a, b, share=1e-5):
    assert float((a - b).abs().max()) <= share * float(b.abs().max())


@needs_bart
@pytest.mark.parametrize("size", [32, 33])
def test_a_phantom_of_bart(tmp_path, bart, size):
    bart("phantom", f"-x{size}", "-k", "k")
    bart("fft", "-i", "-u", 3, "k", "i")
    found = open(tmp_path / "k.cfl")
    assert found.kspace.shape == (1, size, size) and found.acceleration < 1.01
    close(found.zero_filled, images(tmp_path / "i.hdr")[0] * cfl.images(tmp_path / "i.cfl").abs().max())
    assert torch.equal(open(tmp_path / "k.hdr").kspace, found.kspace)


@needs_bart
def test_coils_slices_and_frames_of_bart(tmp_path, bart):
    bart("phantom", "-x32", "-s4", "-k", "k")
    bart("repmat", 13, 3, "k", "slices")
    bart("repmat", 10, 2, "slices", "film")
    bart("repmat", 5, 5, "slices", "echoes")
    assert open(tmp_path / "k.cfl").kspace.shape == (4, 32, 32)
    assert open(tmp_path / "slices.cfl", slices=1).kspace.shape == (1, 4, 32, 32)
    film, echoes = open(tmp_path / "film.cfl"), open(tmp_path / "echoes.cfl")
    assert "time" in film.axes and film.kspace.shape == (3, 2, 4, 32, 32)
    assert "time" not in echoes.axes and echoes.kspace.shape == (3, 5, 4, 32, 32)


@needs_bart
def test_rows_and_columns_may_be_any_two_axes(tmp_path, bart):
    bart("phantom", "-x32", "-s2", "-k", "k")
    bart("transpose", 0, 2, "k", "t")  # 1 x 32 x 32 x coils, as hybrid data of BART's examples
    close(open(tmp_path / "t.cfl").kspace, open(tmp_path / "k.cfl").kspace.mT, 0)


@needs_bart
@pytest.mark.parametrize("undersampled", [False, True])
def test_a_volume(tmp_path, bart, undersampled):
    bart("phantom", "-x16", "-3", "-k", "k")
    bart("fft", "-i", "-u", 7, "k", "i")
    truth = torch.from_numpy(cfl._arranged(tmp_path / "i.cfl")[0])[0]
    if not undersampled:
        found = open(tmp_path / "k.cfl", slices="5:7")
        close(found.zero_filled, truth.permute(2, 0, 1)[5:7])
        return
    bart("upat", "-Y16", "-Z16", "-y2", "-z2", "-c6", "p")
    bart("fmac", "k", "p", "u")
    found = open(tmp_path / "u.cfl")
    assert found.kspace.shape == (16, 1, 16, 16) and found.acceleration == pytest.approx(256 / 160, rel=0.1)
    pattern = found.centred_mask.expand(16, 1, 16, 16)[:, 0]
    wanted = torch.from_numpy(transform(truth.numpy()))
    close(found.centred_kspace[:, 0], wanted * pattern)


@needs_bart
def test_bart_reads_what_we_write(tmp_path, bart):
    scan = Acquisition.centred(kspace(3, 2, 17, 20))
    write(tmp_path / "k.cfl", scan)
    bart("fft", "-i", "-u", 3, "k", "i")
    bart("rss", 8, "i", "r")
    close(images(tmp_path / "r.cfl")[2], scan.root_sum_of_squares[2] / scan.root_sum_of_squares[2].max())
    bart("ones", 2, 3, 4, "short")
    assert cfl._arranged(tmp_path / "short.cfl")[0].shape == (1, 3, 4)


@needs_bart
def test_maps_of_bart(tmp_path, bart):
    bart("phantom", "-x32", "-S4", "s")
    bart("normalize", 8, "s", "maps")
    found = cfl.maps(tmp_path / "maps.cfl")
    assert found.shape == (4, 32, 32)
    truth = shepp_logan((32, 32))[None]
    write(tmp_path / "k.cfl", Acquisition.simulate(truth, torch.ones(32, 32), found))
    bart("pics", "-S", "-i20", "-d0", "k", "maps", "i")
    seen = found.abs().sum(0) > 0
    close(cfl.images(tmp_path / "i.cfl") * seen, truth[0] * seen, 0.05)
    bart("repmat", 4, 2, "maps", "two")
    with pytest.raises(UserError, match="not one set of maps"):
        cfl.maps(tmp_path / "two.cfl")
    with pytest.raises(UserError, match="2 sets of maps in axis 4"):
        open(tmp_path / "two.cfl")


@pytest.mark.parametrize(
    "shape, dimensions",
    [((17, 20), 2), ((3, 17, 20), 2), ((4, 3, 17, 20), 2), ((4, 5, 3, 17, 20), 3), ((4, 2, 5, 3, 17, 20), 3)],
)
def test_kspace_comes_back(tmp_path, shape, dimensions):
    mask = np.random.default_rng(0).random(shape[-2:]) < 0.6
    before = Acquisition.centred(kspace(*shape) * mask, axes=("time", "y", "x")[-dimensions:])
    write(tmp_path / "k.cfl", before)
    after = open(tmp_path / "k.cfl")
    assert len(after.axes) == dimensions and after.kspace.shape == before.kspace.shape
    close(after.kspace, before.kspace, 1e-6)
    assert torch.equal(after.mask.expand_as(before.mask), before.mask)


@pytest.mark.parametrize("shape", [(17, 20), (3, 17, 20), (3, 4, 17, 20), (2, 3, 4, 17, 20)])
def test_images_come_back(tmp_path, shape):
    pixels = torch.from_numpy(image(*shape))
    write(tmp_path / "i.cfl", pixels)
    assert torch.equal(cfl.images(tmp_path / "i.cfl"), pixels)
    assert sorted(os.listdir(tmp_path)) == ["i.cfl", "i.hdr"]


def test_both_or_none(tmp_path):
    (tmp_path / "i.hdr").write_text("precious")
    with pytest.raises(UserError, match=r"i\.hdr: exists already"):
        write(tmp_path / "i.cfl", torch.ones(4, 4))
    assert os.listdir(tmp_path) == ["i.hdr"] and (tmp_path / "i.hdr").read_text() == "precious"
    write(tmp_path / "i.cfl", torch.ones(4, 4), overwrite=True)
    assert cfl.images(tmp_path / "i.cfl").sum() == 16
    with pytest.raises(UserError, match="batch axes"):
        write(tmp_path / "j.cfl", torch.ones((1,) * 13 + (4, 4)))
    assert sorted(os.listdir(tmp_path)) == ["i.cfl", "i.hdr"]


def lone_data(path):
    save(path, kspace(16, 16)).with_suffix(".hdr").unlink()
    return path.with_suffix(".cfl")


def lone_header(path):
    save(path, kspace(16, 16)).unlink()
    return path.with_suffix(".hdr")


def short(path):
    save(path, kspace(16, 16)).write_bytes(b"12345")
    return path.with_suffix(".cfl")


def headed(text):
    def make(path):
        save(path, kspace(16, 16)).with_suffix(".hdr").write_bytes(text)
        return path.with_suffix(".cfl")

    return make


def saved(array):
    return lambda path: save(path, array)


ZOO = {
    "lone data": (lone_data, "other half x.hdr is missing"),
    "lone header": (lone_header, "other half x.cfl is missing"),
    "short": (short, "holds 0.625 complex numbers, x.hdr says 256"),
    "empty data": (lambda p: (save(p, kspace(16, 16)).write_bytes(b""), p.with_suffix(".cfl"))[1], "is empty"),
    "no sizes": (headed(b"# Dimensions\n"), "names no sizes"),
    "words": (headed(b"# Dimensions\n16 sixteen\n"), "names no sizes"),
    "negative": (headed(b"# Dimensions\n-16 -16\n"), "names no sizes"),
    "17 axes": (headed(b"# Dimensions\n" + b"1 " * 17), "names no sizes"),
    "huge": (headed(b"# Dimensions\n" + b"999999999 " * 16), "x.hdr says 1e.144"),
    "bytes": (headed(bytes(range(256))), "names no sizes"),
    "nan": (saved(kspace(16, 16) * np.nan), "NaN or infinite"),
    "corner": (saved(np.fft.fftshift(kspace(16, 16))), "not centred"),
}


@pytest.mark.parametrize("kind", ZOO)
def test_one_line_that_names_the_file(tmp_path, kind):
    make, text = ZOO[kind]
    path = make(tmp_path / "x")
    with pytest.raises(UserError, match=text) as caught:
        open(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value) and ";" in str(caught.value)


def test_the_axes_are_barts(tmp_path):
    path = save(tmp_path / "x", kspace(16, 16))
    assert recognise(path) is cfl and recognise(path.with_suffix(".hdr")) is cfl
    for options in ({"key": "a"}, {"axes": "y x"}):
        with pytest.raises(UserError, match="leave --key and --axes out"):
            open(path, **options)
