"""Large files, of which some slices are read at a time: the same images, facts and notes, in the memory of a part."""

import os
import subprocess
import sys
from functools import partial

import h5py
import numpy as np
import pytest
import torch

import dealias
from dealias.__main__ import execute
from dealias.commands._coils import Coils
from dealias.errors import Note, UserError
from dealias.files import slice_ranges
from dealias.files.coil_maps import read_maps, write_maps
from dealias.files.stack import Stack
from dealias.phantoms import head
from dealias.sampling import cartesian
from files.formats.test_matlab import save
from problems import coil_maps


@pytest.fixture(scope="module")
def scan():
    """Five slices of four coils, of which the second is zero padding."""
    generator = torch.Generator().manual_seed(0)
    images = torch.stack([head((48, 56), seed=seed) * (1 + seed) for seed in range(5)])
    images[1] = 0
    mask = cartesian((48, 56), 2, generator=generator, centre=0.3)
    full = dealias.Acquisition.simulate(images, mask, coil_maps(4, 48, 56), 0.001, generator=generator)
    kspace = full.centred_kspace.clone()
    kspace[1] = 0
    return kspace


@pytest.fixture
def file(scan, tmp_path):
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        file["kspace"] = scan.numpy()
        file.attrs["voxel_size"], file.attrs["position"] = (4.0, 1.0, 1.0), (1.0, 2.0, 3.0)
        file.attrs["directions"] = np.eye(3)
    return tmp_path / "scan.h5"


def image(path):
    with h5py.File(path) as file:
        return torch.from_numpy(file["image"][()]), dict(file.attrs)


@pytest.mark.filterwarnings("ignore::dealias.errors.Note")
@pytest.mark.parametrize("size", [1, 2 * 4 * 48 * 56 * 8], ids=["one by one", "two at a time"])
def test_the_same_images(size, file, tmp_path, monkeypatch):
    words = ["reconstruct", str(file), "--method", "wavelet", "--method.iterations", "3", "-o"]
    execute([*words, str(tmp_path / "whole.h5")])
    monkeypatch.setattr(slice_ranges, "AT_ONCE", size)
    execute([*words, str(tmp_path / "parts.h5")])
    (whole, notes), (parts, others) = image(tmp_path / "whole.h5"), image(tmp_path / "parts.h5")
    torch.testing.assert_close(parts, whole, rtol=1e-5, atol=1e-6)
    assert np.array_equal(notes["position"], others["position"]) and notes["settings"] == others["settings"]


@pytest.mark.filterwarnings("ignore::dealias.errors.Note")
def test_the_same_facts(file, capsys, monkeypatch):
    told = []
    for size in (slice_ranges.AT_ONCE, 1):
        monkeypatch.setattr(slice_ranges, "AT_ONCE", size)
        execute(["info", str(file)])
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert "5 slices, 4 coils" in told[0] and "1 of 5 slices and frames are empty" in told[0]


def test_what_is_said_of_parts(file, tmp_path, monkeypatch, recwarn):
    monkeypatch.setattr(slice_ranges, "AT_ONCE", 1)
    execute(["reconstruct", str(file), "-o", str(tmp_path / "a.h5"), "--method", "zero_filled"])
    notes = [str(warning.message) for warning in recwarn if issubclass(warning.category, Note)]
    assert sum("estimated by ESPIRiT" in text for text in notes) == 1
    assert [text for text in notes if "samples nothing" in text] == [
        "slices 1 to 1: the mask samples nothing: every image will be zero"
    ]


@pytest.mark.filterwarnings("ignore::dealias.errors.Note")
@pytest.mark.parametrize(("slices", "wanted"), [("3", [3]), ("2:5", [2, 3, 4]), ("0:5:2", [0, 2, 4])])
def test_some_slices(slices, wanted, file, tmp_path, monkeypatch):
    monkeypatch.setattr(slice_ranges, "AT_ONCE", 1)
    words = ["reconstruct", str(file), "--method", "zero_filled", "-o"]
    execute([*words, str(tmp_path / "all.h5")])
    execute([*words, str(tmp_path / "some.h5"), "--slices", slices])
    (whole, _), (some, notes) = image(tmp_path / "all.h5"), image(tmp_path / "some.h5")
    torch.testing.assert_close(some, whole[wanted], rtol=1e-5, atol=1e-6)
    assert notes["position"][0] == 1 + 4 * wanted[0]
    with pytest.raises(UserError, match="no slice 5; choose one from 0 to 4"):
        execute([*words, str(tmp_path / "none.h5"), "--slices", "5"])


def test_what_does_not_fit_is_said_before_the_work(file, tmp_path, monkeypatch):
    monkeypatch.setattr(slice_ranges, "_free", lambda: 10**6)
    with pytest.raises(UserError, match="scan.h5: a part of it takes .* MiB of memory, of which 977 KiB are free"):
        execute(["reconstruct", str(file), "-o", str(tmp_path / "a.h5"), "--method", "zero_filled"])


@pytest.mark.filterwarnings("ignore::dealias.errors.Note")
@pytest.mark.parametrize("kind", ["npy", "cfl", "mat"])
def test_the_same_images_of_every_format(kind, scan, tmp_path, monkeypatch):
    path = tmp_path / f"scan.{kind}"
    if kind == "mat":
        save(path, "7.3", kspace=scan.numpy().swapaxes(-1, -2).T)
    else:
        dealias.write(path, dealias.Acquisition.centred(scan))
    words = ["reconstruct", str(path), "--method", "zero_filled", "-o"]
    execute([*words, str(tmp_path / "whole.h5")])
    monkeypatch.setattr(slice_ranges, "AT_ONCE", 1)
    assert len([*Stack.of(path, {}, partial(dealias.open, path))]) == 5
    execute([*words, str(tmp_path / "parts.h5")])
    torch.testing.assert_close(image(tmp_path / "parts.h5")[0], image(tmp_path / "whole.h5")[0], rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore::dealias.errors.Note")
@pytest.mark.parametrize("options", ["--compress 2", "--whiten auto --compress 3"])
def test_coils_that_all_slices_decide_are_the_same(options, file, tmp_path, monkeypatch):
    words = ["reconstruct", str(file), "--method", "zero_filled", *options.split(), "-o"]
    execute([*words, str(tmp_path / "whole.h5")])
    monkeypatch.setattr(slice_ranges, "AT_ONCE", 1)
    execute([*words, str(tmp_path / "parts.h5")])
    (whole, _), (parts, _) = image(tmp_path / "whole.h5"), image(tmp_path / "parts.h5")
    torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-5 * float(whole.abs().max()))


@pytest.mark.filterwarnings("ignore::dealias.errors.Note")
@pytest.mark.parametrize("kind", ["h5", "npy", "cfl", "mat"])
def test_the_same_maps_in_every_format(kind, file, tmp_path, monkeypatch):
    execute(["maps", str(file), "--method", "walsh", "-o", str(tmp_path / f"whole.{kind}")])
    monkeypatch.setattr(slice_ranges, "AT_ONCE", 2 * 4 * 48 * 56 * 8)
    execute(["maps", str(file), "--method", "walsh", "-o", str(tmp_path / f"parts.{kind}")])
    whole, parts = (read_maps(tmp_path / f"{name}.{kind}") for name in ("whole", "parts"))
    assert whole.shape == (5, 4, 48, 56)
    torch.testing.assert_close(parts, whole, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore::dealias.errors.Note")
@pytest.mark.parametrize("kind", ["h5", "npy", "cfl", "mat"])
def test_given_maps_are_those_of_each_slice(kind, scan, file, tmp_path, monkeypatch):
    maps = torch.stack([coil_maps(4, 48, 56).roll(number, 0) for number in range(5)])
    write_maps(tmp_path / f"maps.{kind}", maps)
    monkeypatch.setattr(slice_ranges, "AT_ONCE", 1)
    words = f"reconstruct {file} --method zero_filled --maps {tmp_path}/maps.{kind} -o"
    execute([*words.split(), str(tmp_path / "a.h5")])
    wanted = dealias.reconstruct("zero_filled", dealias.open(file), maps=maps)
    torch.testing.assert_close(image(tmp_path / "a.h5")[0], wanted, rtol=1e-5, atol=1e-6)
    assert Coils.of(str(tmp_path / f"maps.{kind}"), None, None).by_slice("scan.h5", 5)
    write_maps(tmp_path / f"few.{kind}", maps[:3])
    with pytest.raises(UserError, match=r"the maps have shape \(3, 4, 48, 56\), k-space \(5, 4, 48, 56\)"):
        execute([*words.replace("maps.", "few.").split(), str(tmp_path / "b.h5")])


@pytest.mark.filterwarnings("ignore::dealias.errors.Note")
@pytest.mark.parametrize("kind", ["h5", "npy", "cfl", "mat"])
@pytest.mark.parametrize("options", ["--mask cartesian", "--per_slice --noise 0.01"])
def test_the_same_samples_in_every_format(options, kind, file, tmp_path, monkeypatch):
    words = ["undersample", str(file), "--acceleration", "3", *options.split(), "-o"]
    execute([*words, str(tmp_path / f"whole.{kind}")])
    monkeypatch.setattr(slice_ranges, "AT_ONCE", 1)
    execute([*words, str(tmp_path / f"parts.{kind}")])
    whole, parts = (dealias.open(tmp_path / f"{name}.{kind}") for name in ("whole", "parts"))
    torch.testing.assert_close(parts.kspace, whole.kspace, rtol=1e-5, atol=1e-6)
    assert torch.equal(parts.mask.expand_as(whole.mask), whole.mask) and parts.header == whole.header


@pytest.mark.filterwarnings("ignore::dealias.errors.Note")
def test_the_same_samples_of_images(tmp_path, monkeypatch):
    images = torch.stack([head((48, 56), seed=seed) for seed in range(5)])
    np.save(tmp_path / "images.npy", images.numpy())
    words = ["undersample", str(tmp_path / "images.npy"), "--images", "--coils", "4", "--acceleration", "3", "-o"]
    execute([*words, str(tmp_path / "whole.h5")])
    monkeypatch.setattr(slice_ranges, "AT_ONCE", 1)
    execute([*words, str(tmp_path / "parts.h5")])
    whole, parts = (dealias.open(tmp_path / f"{name}.h5") for name in ("whole", "parts"))
    torch.testing.assert_close(parts.kspace, whole.kspace, rtol=1e-5, atol=1e-6)
    assert torch.equal(parts.mask, whole.mask) and len(parts.maps) == 1
    torch.testing.assert_close(parts.maps, whole.maps)


def test_what_was_undersampled_is_told_of_all_slices(file, tmp_path, monkeypatch, recwarn):
    told = []
    for size in (slice_ranges.AT_ONCE, 1):
        monkeypatch.setattr(slice_ranges, "AT_ONCE", size)
        execute(["undersample", str(file), "-o", str(tmp_path / f"{size}.h5"), "--acceleration", "3"])
        told += [
            str(note.message) for note in recwarn if "was undersampled already; one sample in 4" in str(note.message)
        ]
        recwarn.clear()
    assert len(told) == 2 and told[0] == told[1]


PEAK = """
import resource, sys
from dealias.__main__ import execute
from dealias.commands._coils import Coils
for words in sys.argv[1:]:
    execute(words.split())
print(sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts in KiB there")
def test_what_writes_kspace_or_maps_needs_the_memory_of_some_slices(tmp_path):
    """Sixteen slices more take less memory than they have bytes, of which whole they would take at least four times."""
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    bodies = (y**2 + x**2 < 0.6) * np.exp(-((x - np.linspace(-1, 1, 16)[:, None, None]) ** 2))
    one = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(bodies, (-2, -1))), (-2, -1)).astype(np.complex64)
    peaks = []
    for count in (4, 20):
        for name, first in (("a.h5", one), ("empty.h5", 0)):  # the others are empty, which costs no time
            with h5py.File(tmp_path / name, "w") as file:
                file.create_dataset("kspace", (count, *one.shape), np.complex64)[0] = first
        commands = [
            f"undersample {tmp_path}/a.h5 -o {tmp_path}/u{count}.h5 --acceleration 2 --noise 0.01",
            f"maps {tmp_path}/empty.h5 -o {tmp_path}/m{count}.npy",
            f"reconstruct {tmp_path}/a.h5 -o {tmp_path}/i{count}.h5 --method zero_filled --compress 4",
        ]
        done = subprocess.run([sys.executable, "-c", PEAK, *commands], capture_output=True, text=True, env=os.environ)
        assert not done.returncode, done.stderr
        peaks.append(1024 * int(done.stdout.split()[-1]))
    assert peaks[1] - peaks[0] < 16 * one.nbytes


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts in KiB there")
def test_memory_follows_the_slice(tmp_path):
    """A stack of 100 MB is looked at in less than 600 MB, most of it torch: in a process of its own."""
    y, x = np.mgrid[-1:1:320j, -1:1:320j]
    bodies = (y**2 + x**2 < 0.6) * np.exp(-((x - np.linspace(-1, 1, 16)[:, None, None]) ** 2))
    one = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(bodies, (-2, -1))), (-2, -1)).astype(np.complex64)
    with h5py.File(tmp_path / "stack.h5", "w") as file:
        kspace = file.create_dataset("kspace", (8, *one.shape), np.complex64)
        for number in range(8):
            kspace[number] = one
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-m", "dealias", "info", str(tmp_path / "stack.h5")]
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, env=os.environ)
    assert int(done.stdout) * 1024 < 600e6
