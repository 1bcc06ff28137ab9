"""Images or scans: what a file is taken for, and what its images are."""

import h5py
import numpy as np
import pytest
import torch

import dealias
from dealias.errors import UserError
from dealias.evaluation.references import files, references
from dealias.files import slice_ranges
from dealias.phantoms import head


@pytest.fixture(scope="module")
def truth():
    return torch.stack([head((40, 48), seed=seed) for seed in range(3)])


def found(path, **options):
    return list(references(path, path.name, **options))


def test_images(tmp_path, truth):
    scaled = truth * torch.tensor([1.0, 0.5, 2.0])[:, None, None]
    scaled[1] = 0
    np.save(tmp_path / "a.npy", scaled.numpy())
    first, last = found(tmp_path / "a.npy")
    assert (first.file, first.slice, first.full) == ("a.npy", 0, None) and last.slice == 2
    torch.testing.assert_close(first.image, truth[0] / truth[0].abs().max())
    # the data range of the volume, in units of the image
    largest = float(scaled.abs().max())
    assert first.volume == pytest.approx(largest / float(truth[0].abs().max())) and last.volume == pytest.approx(1)


def test_a_measured_scan_of_one_coil_is_cropped_as_its_scanner_shows_it(tmp_path, truth):
    scan = dealias.Acquisition.simulate(truth, torch.ones(48), header=dealias.Header(matrix=(30, 32)))
    dealias.write(tmp_path / "a.h5", scan)
    first, *others = found(tmp_path / "a.h5")
    assert len(others) == 2 and first.full.shape == (40, 48)
    torch.testing.assert_close(first.image, truth[0, 5:35, 8:40], atol=1e-5, rtol=0)
    assert first.volume == pytest.approx(max(float(r.image.abs().max()) for r in (first, *others)))


def test_a_measured_scan_of_many_coils(tmp_path, truth, generator):
    maps = dealias.coils.simulate((40, 48), 4, generator=generator)
    scan = dealias.Acquisition.simulate(truth, torch.ones(48), maps)
    np.save(tmp_path / "a.npy", scan.centred_kspace.numpy())
    first, *_ = found(tmp_path / "a.npy")  # ESPIRiT
    assert first.full.coils == 4 and first.full.maps is not None
    body = truth[0].abs() > 0.1
    torch.testing.assert_close(first.image.abs()[body], truth[0].abs()[body], rtol=0.02, atol=0)
    given = found(tmp_path / "a.npy", maps=maps)[0]
    torch.testing.assert_close(given.image, truth[0], atol=1e-5, rtol=0)
    with pytest.raises(UserError, match="a.npy: 4 coils and no maps"):
        found(tmp_path / "a.npy", maps=None)


@pytest.mark.parametrize("own", [False, True])
def test_a_large_scan_comes_some_slices_at_a_time(tmp_path, truth, generator, monkeypatch, own):
    maps = torch.stack([dealias.coils.simulate((40, 48), 4, generator=generator) for _ in range(3 if own else 1)])
    images = truth.clone()
    images[1] = 0
    scan = dealias.Acquisition.simulate(images, torch.ones(48), maps).with_maps(None)
    dealias.write(tmp_path / "a.h5", scan)
    whole = found(tmp_path / "a.h5", maps=maps)
    monkeypatch.setattr(slice_ranges, "AT_ONCE", 1)
    parts = found(tmp_path / "a.h5", maps=maps)
    assert [one.slice for one in parts] == [one.slice for one in whole] == [0, 2]
    for one, other in zip(parts, whole, strict=True):
        torch.testing.assert_close(one.image, other.image, rtol=1e-5, atol=1e-6)
        assert one.volume == pytest.approx(other.volume) and one.full.shape == other.full.shape
    dealias.write(tmp_path / "fast.h5", scan.sampled(torch.arange(48) % 2 == 0))
    with pytest.raises(UserError, match="2x undersampled; a comparison needs all"):
        found(tmp_path / "fast.h5")


def test_complex_images_are_no_coils(tmp_path, truth):
    np.save(tmp_path / "images.npy", truth.numpy())
    np.save(tmp_path / "kspace.npy", dealias.Acquisition.simulate(truth, torch.ones(48)).centred_kspace.numpy())
    images, scans = found(tmp_path / "images.npy"), found(tmp_path / "kspace.npy")
    assert [r.full is None for r in images] == [True] * 3 and [r.full is None for r in scans] == [False] * 3
    torch.testing.assert_close(scans[0].image, truth[0], atol=1e-5, rtol=0)


def test_a_film(tmp_path, truth):
    scan = dealias.Acquisition.simulate(truth, torch.ones(48))
    with h5py.File(tmp_path / "film.h5", "w") as file:
        file["kspace"] = scan.centred_kspace[:, 0].numpy()
        file.attrs["axes"] = "time y x"
    (film,) = found(tmp_path / "film.h5")
    torch.testing.assert_close(film.image, truth, atol=1e-5, rtol=0)
    assert "time" in film.full.axes


@pytest.mark.parametrize("kind", ["complex", "magnitude", "written by us"])
def test_films_of_images(kind, tmp_path):
    films = torch.stack([torch.stack([head((40, 48), seed=7 * s + t) for t in range(4)]) for s in range(3)])
    films = films if kind == "complex" else films.abs()
    whole = {"axes": "slice time y x"}
    if kind == "written by us":
        dealias.write(tmp_path / "films.h5", films)
        first, *others = found(tmp_path / "films.h5", **whole)
    else:
        np.save(tmp_path / "films.npy", films.permute(3, 1, 2, 0).numpy())
        first, *others = found(tmp_path / "films.npy", axes="x time y slice")
        np.save(tmp_path / "one.npy", films[0].permute(1, 2, 0).numpy())
        (one,) = found(tmp_path / "one.npy", axes="y x time")
        torch.testing.assert_close(one.image, first.image)
    for film, truth in zip((first, *others), films, strict=True):
        assert film.full is None and film.image.shape == (4, 40, 48)
        torch.testing.assert_close(film.image.abs(), (truth / truth.abs().max()).abs())


def test_axes_that_do_not_fit_images(tmp_path):
    np.save(tmp_path / "films.npy", np.ones((2, 4, 40, 48), np.float32))
    for axes in ("time y x", "slice y y x", "slice time y"):
        with pytest.raises(UserError, match=rf"have 4 axes .*--axes names '{axes}'; name each once"):
            found(tmp_path / "films.npy", axes=axes)


def test_maps_of_slices_whose_number_is_that_of_the_frames(tmp_path, generator):
    truth = torch.stack([torch.stack([head((40, 48), seed=s)] * 3) for s in range(3)])
    maps = torch.stack([dealias.coils.simulate((40, 48), 4, generator=generator) for _ in range(3)])
    scan = dealias.Acquisition.simulate(truth, torch.ones(48), maps, axes=("time", "y", "x"))
    bare = scan.with_maps(None)
    torch.testing.assert_close(dealias.reconstruct("zero_filled", bare, maps=maps), truth, atol=1e-5, rtol=0)
    np.save(tmp_path / "k.npy", bare.centred_kspace.numpy())
    for film, wanted in zip(found(tmp_path / "k.npy", maps=maps, axes="slice time coil y x"), truth, strict=True):
        torch.testing.assert_close(film.image, wanted, atol=1e-5, rtol=0)


def test_what_cannot_be_compared_with(tmp_path, truth):
    fast = dealias.Acquisition.simulate(truth, torch.arange(48) % 2 == 0)
    dealias.write(tmp_path / "fast.h5", fast)
    with pytest.raises(UserError, match="2x undersampled; a comparison needs all"):
        found(tmp_path / "fast.h5")
    (tmp_path / "text.txt").write_text("words")
    with pytest.raises(UserError, match="no known format"):
        found(tmp_path / "text.txt")
    smooth = torch.exp(-8 * (torch.linspace(-1, 1, 40)[:, None] ** 2 + torch.linspace(-1, 1, 48) ** 2)) + 0j
    kspace = dealias.Acquisition.simulate(smooth, torch.ones(48)).centred_kspace.numpy()
    np.savez(tmp_path / "two.npz", a=kspace, b=kspace)
    with pytest.raises(UserError, match="several arrays could be k-space.*--key") as caught:
        found(tmp_path / "two.npz")
    assert "\n" not in str(caught.value)


def test_kspace_that_is_not_centred_is_no_image(tmp_path, truth):
    kspace = torch.fft.fft2(truth).numpy()
    pairs = np.stack((kspace.real, kspace.imag), -1)
    for name, array, text in (("complex", kspace, "is not centred"), ("pairs", pairs, "holds float32 numbers")):
        np.save(tmp_path / f"{name}.npy", array)
        with pytest.raises(UserError, match=f"{name}.npy: k-space {text}.*") as caught:
            found(tmp_path / f"{name}.npy")
        assert "as images" not in str(caught.value)


def test_the_files_of_a_folder(tmp_path, truth):
    (tmp_path / "deep").mkdir()
    for name in ("b.npy", "deep/a.npy", ".0.1.part.c.npy"):
        with (tmp_path / name).open("wb") as file:
            np.save(file, truth.numpy())
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / "empty.npy").touch()
    assert [name for _, name in files(tmp_path)] == ["b.npy", "deep/a.npy"]
    assert files(tmp_path / "b.npy") == [(tmp_path / "b.npy", "b.npy")]
    with pytest.raises(UserError, match="does not exist; did you mean b.npy"):
        files(tmp_path / "bb.npy")
    (tmp_path / "none").mkdir()
    with pytest.raises(UserError, match="no file of a known format"):
        files(tmp_path / "none")
