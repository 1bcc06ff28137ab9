"""The input doctor: what it says of good, odd and broken files."""

import h5py
import numpy as np
import pytest
import torch

import dealias
from dealias import cards
from dealias.__main__ import execute
from dealias.commands._summary import Summary
from dealias.commands.info import _ordinal, _remarks, describe
from dealias.errors import Note, UserError
from dealias.files.images import stored_images
from dealias.methods.rim import RIM
from dealias.phantoms import head
from dealias.sampling import cartesian, gaussian, kt


def told(capsys, *words):
    execute(["info", *map(str, words)])
    out = capsys.readouterr().out
    return {line.split("  ")[0]: line.split("  ", 1)[-1].strip() for line in out.splitlines()}, out


@pytest.fixture(scope="module")
def scan():
    generator = torch.Generator().manual_seed(0)
    image = torch.stack([head((64, 72), seed=seed) for seed in range(3)])
    return dealias.Acquisition.simulate(image, gaussian((64, 72), 3, generator=generator), noise_std=0.002)


def test_a_good_file(scan, tmp_path, capsys):
    dealias.write(tmp_path / "scan.h5", scan)
    facts, out = told(capsys, tmp_path / "scan.h5")
    assert facts["file"].startswith("scan.h5, ") and facts["file"].endswith("HDF5 as fastMRI")
    assert facts["axes"] == "3 slices, 1 coil, 64 rows, 72 columns"
    assert facts["mask"] == "3.00x, points denser at the centre"
    assert facts["noise"].startswith("0.002 by the file; at most ")
    assert {"stacked", "wavelet", "rim"} <= {*facts["fits"].split(", ")}
    assert {"unet", "zero_filled", "flow_prior"} <= {*facts["to compare with"].split(", ")}
    assert not {*facts["fits"].split(", ")} & {*facts["to compare with"].split(", ")}
    assert "note:" not in out


def test_a_film_of_many_coils(tmp_path, capsys):
    with h5py.File(tmp_path / "film.h5", "w") as file:
        file["kspace"] = np.ones((2, 5, 3, 8, 9), np.complex64)
        file.attrs["axes"] = "slice time coil y x"
    facts, _ = told(capsys, tmp_path / "film.h5")
    assert facts["axes"] == "2 slices, 5 frames, 3 coils, 8 rows, 9 columns"
    assert "sense" in facts["fits, with coil maps"]


@pytest.mark.filterwarnings("ignore:the mask samples nothing")
@pytest.mark.parametrize(
    ("change", "remark"),
    [
        (lambda k: k * 0, "samples nothing"),
        (lambda k: torch.where(torch.arange(72) == 36, 0, k), "centre of k-space is not sampled"),
        (lambda k: k * torch.tensor([1, 0, 1])[:, None, None, None], "1 of 3 slices and frames are empty"),
        (lambda k: k * (torch.arange(72) > 25), "one side of the columns is missing"),
        (lambda k: k + 5 * torch.randn_like(k), "outer samples are strong"),
        (lambda k: k * (torch.arange(72) % 36 == 0), "more than the shipped weights"),
        (lambda k: k * (-1.0) ** (torch.arange(72) + torch.arange(64)[:, None]), "at the corners of the image"),
    ],
)
def test_what_looks_wrong(change, remark, scan, tmp_path, capsys):
    full = dealias.Acquisition.simulate(scan.zero_filled, torch.ones(72))
    np.save(tmp_path / "odd.npy", change(full.centred_kspace).to(torch.complex64).numpy())
    assert f"{remark}" in told(capsys, tmp_path / "odd.npy")[1].partition("note: ")[2]


def test_an_empty_slice_and_a_loud_coil(scan, tmp_path, capsys):
    full = dealias.Acquisition.simulate(scan.zero_filled, torch.ones(72), noise_std=0.01)
    kspace = full.centred_kspace.expand(3, 4, 64, 72) * torch.tensor([1, 1, 100, 1])[:, None, None] + 0
    kspace[0], kspace[1, 3] = 0, 0
    np.save(tmp_path / "odd.npy", kspace.numpy())
    notes = told(capsys, tmp_path / "odd.npy", "--axes", "slice coil y x")[1].partition("note: ")[2]
    assert "1 of 3 slices and frames are empty" in notes and "1 of 12 coil images are empty" in notes
    assert "100 times that of most" in notes and "centre of k-space is not sampled" not in notes


def test_what_cannot_be_opened(scan, tmp_path, capsys):
    off = torch.fft.ifftshift(scan.centred_kspace, dim=(-2, -1))
    np.save(tmp_path / "off.npy", off.numpy())
    (tmp_path / "cut.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    (tmp_path / "text.txt").write_text("words")
    for name, first, error in (
        ("off.npy", "off.npy, ", "not centred"),
        ("cut.h5", "HDF5 as fastMRI", "truncated"),
        ("text.txt", "no known format", "no known format"),
        ("none.h5", "", "does not exist"),
    ):
        with pytest.raises(UserError, match=error):
            execute(["info", str(tmp_path / name)])
        assert first in capsys.readouterr().out


def test_a_weight_file(tmp_path, capsys):
    cards.save(tmp_path / "w.safetensors", RIM(features=4), {"figures": {"psnr": 31.5}})
    facts, _ = told(capsys, tmp_path / "w.safetensors")
    assert facts["arguments.features"] == "4" and facts["figures.psnr"] == "31.5"
    with pytest.raises(UserError, match="no such file"):
        execute(["info", str(tmp_path / "none.safetensors")])


def line(*wanted, n=64):
    made = torch.zeros(1, 1, n, dtype=torch.bool)
    made[..., list(wanted)] = True
    return made.expand(1, 8, n)


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (torch.ones(1, 8, 64, dtype=torch.bool), "fully sampled"),
        (torch.zeros(1, 8, 64, dtype=torch.bool), "nothing sampled"),
        (line(*range(0, 64, 4), *range(28, 37)), "whole columns, 9 central ones, every 4th outside"),
        (line(*range(0, 64, 4), *range(28, 37)).mT, "whole rows, 9 central ones, every 4th outside"),
        (line(*range(0, 64, 2), *range(28, 37)), "whole columns, 9 central ones, every 2nd outside"),
        (line(*range(1, 64, 3), *range(28, 37)), "whole columns, 10 central ones, every 3rd outside"),
        (line(*range(20, 64)), "whole columns, 44 central ones, columns 20 to 63 only"),
        (torch.rand(1, 64, 64) < 0.5, "points of even density"),
    ],
)
def test_masks_in_words(mask, words):
    assert describe(mask) == words


def test_ordinals():
    assert [_ordinal(n) for n in (2, 3, 4, 11, 12, 13, 21, 102, 112)] == [
        "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "112th"
    ]  # fmt: skip


def test_masks_that_differ(generator):
    two = torch.stack([cartesian((8, 64), 4, generator=generator)[None] for _ in range(2)])
    assert describe(two).endswith("another for each slice or frame")


@pytest.mark.parametrize("shape", [(32,), (40, 1)])
def test_a_mask_that_is_shared_along_an_axis(shape, tmp_path, capsys):
    mask = torch.arange(max(shape)).reshape(shape) % 3 != 0
    mask.view(-1)[max(shape) // 2 - 2 : max(shape) // 2 + 2] = True
    scan = dealias.Acquisition.simulate(head((40, 32))[None], mask, noise_std=0.001)
    dealias.write(tmp_path / "scan.h5", scan)
    execute(["info", str(tmp_path / "scan.h5")])
    assert f"whole {'columns' if len(shape) == 1 else 'rows'}" in capsys.readouterr().out


def test_a_folder(scan, tmp_path, capsys):
    dealias.write(tmp_path / "a.h5", scan)
    np.save(tmp_path / "b.npy", np.ones((5, 20, 30)))
    (tmp_path / "notes.txt").write_text("words")
    execute(["info", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("a.h5   k-space: 3 slices, 1 coil, 64 x 72, 3.00x, noise 0.002")
    assert lines[1:] == ["b.npy  images: 5 of 20 x 30"]
    (tmp_path / "c.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(UserError, match="1 of 3 refused"):
        execute(["info", str(tmp_path)])
    assert capsys.readouterr().out.splitlines()[2].startswith("c.h5   refused: is no HDF5 file")


@pytest.mark.parametrize("kind", [np.complex64, np.float32])
def test_images_are_no_k_space(kind, tmp_path, capsys):
    images = torch.stack([head((64, 72), seed=seed).abs() for seed in range(5)])
    np.save(tmp_path / "image.npy", images.numpy().astype(kind))
    facts, out = told(capsys, tmp_path / "image.npy")
    assert facts["images"].startswith("5 of 64 x 72; `dealias train` learns") and "mask" not in out


def test_partial_fourier_as_acquired_is_k_space(tmp_path, capsys):
    """Its peak lies at column 16 of 52, so 20 columns are missing; it makes an image, and no image to learn from."""
    full = dealias.Acquisition.simulate(head((64, 72)).abs(), torch.ones(72))
    np.save(tmp_path / "cropped.npy", full.centred_kspace[..., 20:].numpy())
    with pytest.warns(Note, match="column 16 of 64 x 52; 20 columns of zeros left of it would make the whole matrix"):
        execute(["info", str(tmp_path / "cropped.npy")])
    assert "fully sampled" in capsys.readouterr().out
    with pytest.raises(UserError, match="looks like k-space"):
        stored_images(tmp_path / "cropped.npy")


def test_k_space_that_is_refused_is_not_offered_as_images(tmp_path, capsys):
    full = dealias.Acquisition.simulate(head((64, 72)).abs(), torch.ones(72))
    np.save(tmp_path / "corner.npy", np.fft.fftshift(full.centred_kspace.numpy()))
    with pytest.raises(UserError, match="not centred") as caught:
        execute(["info", str(tmp_path / "corner.npy")])
    assert "images" not in capsys.readouterr().out and "as images" not in str(caught.value)


def test_lines_drawn_at_random_are_no_partial_fourier():
    """What one pattern in three of this kind did not reach on one side was called so once."""
    alarms = 0
    for seed in range(60):
        mask = kt((1, 80, 80), 4, generator=torch.Generator().manual_seed(seed))[0]
        scan = Summary.of([dealias.Acquisition.centred(mask + 0j, mask)])
        alarms += any("one side" in text for text in _remarks(scan))
    assert alarms < 4
