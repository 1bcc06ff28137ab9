import numpy as np
import pytest
import torch

from dealias.centring_check import central_share, check_centred
from dealias.errors import Note, UserError
from files.scans import kspace


def scan(*shape):
    return torch.from_numpy(kspace(*shape))


@pytest.mark.parametrize("shape", [(32, 32), (1, 33, 20), (3, 2, 17, 40), (256, 16)])
def test_centred_passes_and_shifted_does_not(shape):
    data = scan(*shape)
    check_centred(data)
    assert central_share(data) > 0.5
    for dims in ((-2, -1), (-2,), (-1,)):
        with pytest.raises(UserError, match="numpy.fft.fftshift"):
            check_centred(torch.fft.fftshift(data, dim=dims))


def test_advice_names_the_axis_that_was_not_shifted():
    data = scan(64, 48)
    for dims, axes in (((-2, -1), r"\(-2, -1\)"), ((-2,), "-2"), ((-1,), "-1")):
        for beside in (0, 1):  # the peak of measured k-space is not quite in the middle
            with pytest.raises(UserError, match=rf"fftshift\(kspace, axes={axes}\)"):
                check_centred(torch.fft.fftshift(data, dim=dims).roll(beside, dims[0]))


@pytest.mark.parametrize("kept", [0.5, 0.52, 0.55, 0.625, 0.7])
@pytest.mark.parametrize("noise", [0, 0.01])
def test_partial_fourier_as_acquired_is_no_forgotten_shift(kept, noise):
    draw = np.random.default_rng(0)
    whole = scan(4, 96, 128) + noise * torch.from_numpy(draw.standard_normal((4, 96, 128)))
    left_out = 128 - round(kept * 128)
    peak = 64 - left_out
    for data, where in ((whole[..., left_out:], f"column {peak} of"), (whole.mT[..., left_out:, :], f"row {peak}, ")):
        with pytest.warns(Note, match="partial Fourier") as notes:
            check_centred(data)
        assert where in str(notes[0].message)
    with pytest.warns(Note, match="columns of zeros right of it"):
        check_centred(whole[..., : 128 - left_out + 1])
    lines = torch.zeros(128)
    lines[::3] = lines[56:72] = 1
    with pytest.warns(Note, match=f"{2 * (64 - left_out - (128 - left_out) // 2) * -1} columns of zeros left of it"):
        check_centred((whole * lines)[..., left_out:])
    with pytest.raises(UserError, match="axes=-2"):
        check_centred(torch.fft.fftshift(whole, dim=-2)[..., left_out:])


def test_a_peak_near_the_middle_whose_surroundings_are_not():
    """One sample may be the strongest, and most of the energy lie elsewhere."""
    data = torch.full((32, 32), 0.05, dtype=torch.complex64)
    data[16, 17], data[2:8, 2:8] = 2, 1
    with pytest.warns(Note, match="most of its energy lies around row [3-6], column [3-6] of 32 x 32; 2"):
        check_centred(data)


def test_no_scale_matters():
    for scale in (1e-30, 1e-15, 1e30):
        check_centred(scan(32, 32) * scale)
        with pytest.raises(UserError, match="not centred"):
            check_centred(torch.fft.fftshift(scan(32, 32), dim=(-2, -1)) * scale)


def test_slices_that_disagree():
    data = scan(2, 32, 32)
    data[1] = torch.fft.fftshift(data[1])
    with pytest.raises(UserError, match="part of k-space is centred"):
        check_centred(data)


@pytest.mark.parametrize("seed", range(5))
def test_what_cannot_tell_passes(seed):
    generator = torch.Generator().manual_seed(seed)
    check_centred(torch.randn(16, 16, dtype=torch.complex64, generator=generator))
    check_centred(torch.randn(2, 4, 64, 50, dtype=torch.complex64, generator=generator))
    check_centred(torch.zeros(3, 32, 32, dtype=torch.complex64))
    check_centred(torch.fft.fftshift(scan(8, 8), dim=(-2, -1)))
    spike = torch.zeros(32, 32, dtype=torch.complex64)
    spike[3, 4] = 1
    check_centred(spike)


@pytest.mark.parametrize("kept", [0.02, 0.1, 0.5])
def test_undersampled_scans_pass(kept):
    draw = np.random.default_rng(0)
    data = scan(4, 64, 48)
    check_centred(data * torch.from_numpy(draw.random((64, 48)) < kept))
    lines = torch.from_numpy(draw.random(48) < kept)
    lines[22:26] = True
    check_centred(data * lines)
    block = torch.zeros(64, 48)
    block[24:40, 18:30] = 1
    check_centred(data * block)
