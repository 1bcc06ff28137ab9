"""K-space or images: measured kinds, and what is too small or too empty to tell."""

import numpy as np
import pytest
import torch

from dealias.errors import UserError
from dealias.files.images import contents
from dealias.files.open import open
from dealias.kind import kind_of
from dealias.phantoms import head
from files.scans import kspace
from problems import coil_maps


@pytest.mark.parametrize("shape", [(40, 48), (64, 65), (3, 2, 48, 100)])
def test_neither_shift_nor_scale_nor_phase_matters(shape):
    scan = torch.from_numpy(kspace(*shape))
    images = torch.fft.ifft2(scan)
    for factor in (1.0, 1e-20, 1e20, 1j):
        for shift in (0, 7, shape[-1] // 2):
            assert kind_of(factor * scan.roll(shift, -1)) == "k-space"
            assert kind_of(factor * images.roll(shift, -1)) == "images"


def test_undersampled_and_cropped_k_space_and_magnitudes():
    scan = torch.from_numpy(kspace(4, 64, 80))
    assert kind_of(scan * (torch.arange(80) % 4 == 0)) == "k-space"
    assert kind_of(scan[..., 25:]) == "k-space"
    assert kind_of(head((64, 80)).abs() + 0j) == "images"
    assert kind_of(coil_maps(4, 64, 80)) == "images"


def test_what_cannot_tell(generator):
    noise = torch.randn(3, 64, 64, dtype=torch.complex64, generator=generator)
    for value in (noise, torch.ones(8, 8) + 0j, torch.zeros(2, 32, 32) + 0j, torch.zeros(0, 32, 32) + 0j):
        assert kind_of(value) is None


def test_who_names_the_coils_is_believed(tmp_path):
    images = torch.stack([head((40, 48), seed=seed) for seed in range(3)])
    np.save(tmp_path / "images.npy", images.numpy())
    with pytest.raises(UserError, match="images.npy: holds images, not k-space"):
        open(tmp_path / "images.npy")
    assert open(tmp_path / "images.npy", axes="coil y x").coils == 3
    assert torch.equal(contents(tmp_path / "images.npy"), images)


@pytest.mark.parametrize(
    ("kind", "both", "columns"),
    [
        ("npy", r"numpy.fft.fftshift\(kspace, axes=\(-2, -1\)\)", r"numpy.fft.fftshift\(kspace, axes=-1\)"),
        ("mat", r"fftshift\(fftshift\(kspace, 1\), 2\)", r"fftshift\(kspace, 2\)"),
        ("cfl", "bart fftshift 3", "bart fftshift 2"),
    ],
)
def test_advice_is_in_the_words_of_the_file_s_own_software(kind, both, columns, tmp_path):
    import dealias

    for axes, words in (((-2, -1), both), ((-1,), columns)):
        shifted = torch.fft.fftshift(torch.from_numpy(kspace(1, 40, 48)), dim=axes)
        scan = dealias.Acquisition.centred(shifted, shift=None)
        dealias.write(tmp_path / f"a.{kind}", scan, overwrite=True)
        with pytest.raises(UserError, match=f"k-space is not centred.*shift it with {words}"):
            open(tmp_path / f"a.{kind}")
