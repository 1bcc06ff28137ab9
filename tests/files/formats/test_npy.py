import numpy as np
import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.files.formats.npy import tensor
from dealias.files.open import open
from dealias.files.write import write
from files.scans import image, kspace, transform, unit


def test_two_axes_are_one_coil(tmp_path):
    pixels = image(19, 24)

    np.save(tmp_path / "k.npy", transform(pixels))
    found = open(tmp_path / "k.npy")
    assert found.kspace.shape == (1, 19, 24) and found.acceleration == 1
    assert np.abs(found.zero_filled.numpy() - pixels).max() < 1e-6


def test_archive(tmp_path):
    data, mask = kspace(2, 3, 16, 18), np.zeros((16, 18), np.uint8)
    mask[::2] = 1
    maps = unit(image(3, 16, 18, seed=1))
    np.savez_compressed(tmp_path / "k.npz", other=np.arange(4), scan=data * mask, mask=mask, maps=maps, noise_std=0.5)
    found = open(tmp_path / "k.npz")
    assert found.acceleration == 2 and found.noise_std.item() == 0.5
    assert torch.equal(found.maps, torch.from_numpy(maps)[None])
    assert torch.equal(found.centred_mask, torch.from_numpy(mask)[None, None] != 0)


def test_masks_and_maps_follow_the_slices(tmp_path):
    mask = np.random.default_rng(0).random((4, 16, 18)) < 0.5
    maps = unit(image(4, 2, 16, 18))
    np.savez(tmp_path / "k.npz", kspace=kspace(4, 2, 16, 18) * mask[:, None], mask=mask, maps=maps)
    found = open(tmp_path / "k.npz", slices="1:3")
    assert torch.equal(found.centred_mask[:, 0], torch.from_numpy(mask[1:3]))
    assert torch.equal(found.maps, torch.from_numpy(maps[1:3]))


def test_axes_by_name(tmp_path):
    data = kspace(3, 4, 2, 16, 18)
    np.savez(tmp_path / "k.npz", kspace=np.moveaxis(data, (0, 1, 2), (4, 3, 2)), maps=unit(image(3, 2, 16, 18)))
    found = open(tmp_path / "k.npz", axes="y x coil time slice")
    assert "time" in found.axes and found.maps.shape == (3, 1, 2, 16, 18)
    torch.testing.assert_close(found.centred_kspace, torch.from_numpy(data), rtol=1e-5, atol=1e-5)
    batches = open(tmp_path / "k.npz", axes=("y", "x", "coil", "batch", "slice"))
    assert "time" not in batches.axes and batches.kspace.shape == (3, 4, 2, 16, 18)


def test_big_endian_and_fortran_order(tmp_path):
    data = kspace(2, 16, 18)
    np.save(tmp_path / "big.npy", data.astype(">c8"))
    np.save(tmp_path / "fortran.npy", np.asfortranarray(data).astype(np.complex128))
    one, two = open(tmp_path / "big.npy"), open(tmp_path / "fortran.npy")
    assert one.kspace.dtype == torch.complex64 and two.kspace.dtype == torch.complex128
    torch.testing.assert_close(one.centred_kspace, torch.from_numpy(data), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(one.kspace, two.kspace.to(torch.complex64), rtol=1e-5, atol=1e-6)


def test_out(tmp_path):
    pixels = torch.from_numpy(image(2, 16, 18))
    write(tmp_path / "i.npy", pixels)
    assert np.array_equal(np.load(tmp_path / "i.npy"), pixels.numpy())
    acquisition = Acquisition.centred(kspace(2, 3, 16, 18))
    write(tmp_path / "k.npy", acquisition)
    assert open(tmp_path / "k.npy").kspace.sub(acquisition.kspace).abs().max() < 1e-6 * acquisition.kspace.abs().max()


def test_tensor(tmp_path):
    maps = image(3, 16, 18)
    np.save(tmp_path / "maps.npy", maps)
    np.savez(tmp_path / "maps.npz", maps=maps)
    np.savez(tmp_path / "two.npz", maps=maps, more=maps)
    (tmp_path / "text").write_text("hello")
    assert torch.equal(tensor(tmp_path / "maps.npy"), torch.from_numpy(maps))
    assert torch.equal(tensor(str(tmp_path / "maps.npz")), torch.from_numpy(maps))
    for name, text in {
        "two.npz": "holds the arrays maps, more",
        "text": "no array file",
        "map.npy": "mean maps.np",
    }.items():
        with pytest.raises(UserError, match=f"{name}: .*{text}"):
            tensor(tmp_path / name)
