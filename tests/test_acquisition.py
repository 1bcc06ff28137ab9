"""The noun in MRI: what a user may hand over, what is refused, and what comes back."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.errors import Note, UserError
from dealias.files.open import open
from dealias.files.write import write
from dealias.phantoms import head
from dealias.sampling import gaussian
from problems import coil_maps, film


def measured(*shape, dtype=torch.complex64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(0))


def unit(maps):
    """Maps of unit root sum of squares."""
    return maps / maps.abs().square().sum(-3, keepdim=True).sqrt()


@pytest.mark.parametrize("shape", [(9, 12), (1, 9, 12), (3, 9, 12), (4, 3, 9, 12), (2, 4, 3, 9, 12)])
@pytest.mark.parametrize("mask", [(12,), (9, 12), (1, 9, 12), (1, 1, 12)])
def test_every_form_of_a_mask(shape, mask):
    kspace = measured(*shape)
    pattern = torch.rand(mask, generator=torch.Generator().manual_seed(1)) > 0.4
    made = Acquisition.centred((kspace * pattern).reshape(shape), pattern)
    assert made.kspace.ndim == made.mask.ndim == max(3, len(shape))
    assert torch.equal(
        made.centred_mask.expand(made.kspace.shape).reshape(shape),
        (pattern & torch.ones(made.kspace.shape, dtype=torch.bool)).reshape(shape),
    )
    assert torch.allclose(made.centred_kspace.reshape(shape), (kspace * pattern).reshape(shape), atol=1e-6)
    assert made.shape == (*shape[:-3], 9, 12)


def test_a_mask_for_each_slice():
    pattern = torch.rand(4, 1, 9, 12) > 0.4
    made = Acquisition.centred(measured(4, 3, 9, 12) * pattern, pattern)
    assert torch.equal(made[2].centred_mask, pattern[2])


@pytest.mark.parametrize("maps", [(3, 9, 12), (1, 3, 9, 12), (4, 3, 9, 12)])
def test_every_form_of_maps(maps):
    made = Acquisition.centred(measured(4, 3, 9, 12), maps=unit(measured(*maps)))
    assert made.maps.ndim == 4
    assert made.zero_filled.shape == (4, 9, 12)
    assert torch.equal(made.maps, Acquisition.centred(measured(4, 3, 9, 12)).with_maps(unit(measured(*maps))).maps)


def test_no_mask_is_what_any_coil_saw():
    kspace = measured(2, 8, 8)
    kspace[0, 3], kspace[:, 5] = 0, 0
    assert Acquisition.centred(kspace).centred_mask[0, :, 0].tolist() == [n != 5 for n in range(8)]


def test_numpy_in_every_byte_order_and_layout():
    kspace = measured(2, 8, 10).numpy()
    mask = np.ones((8, 10))
    wanted = Acquisition.centred(kspace, mask)
    frozen = kspace.copy()
    frozen.flags.writeable = False
    for other in (
        kspace.astype(np.clongdouble),
        kspace.astype(">c8"),
        kspace[::-1][::-1],
        np.asfortranarray(kspace),
        frozen,
        kspace.tolist(),
    ):
        made = Acquisition.centred(other, mask.astype(np.uint16))
        assert torch.allclose(made.kspace.to(torch.complex64), wanted.kspace)


def test_precision_stays():
    made = Acquisition.centred(measured(2, 8, 8, dtype=torch.complex128), None, unit(measured(2, 8, 8)), 0.1)
    assert made.kspace.dtype == made.maps.dtype == torch.complex128
    assert made.noise_std.dtype == torch.float64
    assert made.to(dtype=torch.float32).maps.dtype == torch.complex64


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"kspace": torch.ones(8, 8, dtype=torch.int16)}, "int16 numbers"),
        ({"kspace": np.ones((8, 8))}, "float64 numbers"),
        ({"kspace": ["a", "b"]}, "not numbers"),
        ({"kspace": measured(8)}, "shape"),
        ({"kspace": measured(0, 8)}, "shape"),
        ({"kspace": measured(8, 8) * float("nan")}, "64 values that are NaN"),
        ({"kspace": measured(8, 8) / 0}, "NaN or infinite"),
        ({"mask": torch.ones(9)}, "mask has shape"),
        ({"mask": torch.ones(7, 8)}, "mask has shape.*give a mask"),
        ({"kspace": measured(3, 8, 9), "mask": torch.ones(9, 8)}, "swapped: transpose it"),
        ({"kspace": measured(3, 8, 9), "mask": torch.ones(8)}, r"swapped: transpose it, \(y\) to \(y, 1\)"),
        ({"mask": torch.ones(3, 8, 8)}, "mask has shape"),
        ({"mask": torch.ones(1, 1, 1, 8, 8)}, "mask has shape"),
        ({"mask": torch.eye(8)}, "outside the mask"),
        ({"mask": "gaussian"}, "not numbers"),
        ({"maps": measured(2, 8, 8)}, "2 coils, k-space has 3"),
        ({"maps": measured(3, 8, 9)}, "maps have shape"),
        ({"maps": measured(3, 1, 1)}, "maps have shape"),
        ({"maps": measured(3, 8, 8) * float("inf")}, "NaN or infinite"),
        ({"kspace": [[1j, 2], [3]]}, "different lengths"),
        ({"noise_std": 1 + 2j}, "noise_std is complex"),
        ({"noise_std": -1.0}, "zero or more"),
        ({"noise_std": float("nan")}, "zero or more"),
        ({"noise_std": [1.0, 2.0]}, "noise_std has shape"),
        ({"axes": "z y x"}, "axes 'z y x' make no image"),
        ({"axes": "time y x"}, "axes 'time y x' do not fit"),
    ],
)
def test_what_is_no_measurement(arguments, text):
    with pytest.raises(UserError, match=text) as caught:
        Acquisition.centred(**{"kspace": measured(3, 8, 8), **arguments})
    assert "\n" not in str(caught.value)


def test_axes_must_agree_where_the_constructor_is_used():
    with pytest.raises(UserError, match="use Acquisition.centred"):
        Acquisition(measured(1, 1, 8, 8), torch.ones(1, 8, 8, dtype=torch.bool))


def test_an_empty_mask_is_legal_with_a_note():
    with pytest.warns(Note, match="samples nothing"):
        made = Acquisition.centred(torch.zeros(8, 8, dtype=torch.complex64))
    assert made.acceleration == float("inf")
    assert not made.zero_filled.any()
    assert torch.isfinite(made.normalised()[1]).all()


def test_many_coils_need_maps():
    with pytest.raises(UserError, match="3 coils and no maps"):
        _ = Acquisition.centred(measured(3, 8, 8)).operator


def test_a_user_cannot_change_it_afterwards():
    kspace, mask, maps = measured(2, 8, 8).numpy(), np.ones((8, 8)), unit(measured(2, 8, 8)).numpy()
    made = Acquisition.centred(kspace, mask, maps)
    before = made.zero_filled.clone()
    kspace[:], mask[:], maps[:] = 0, 0, 0
    assert torch.equal(made.operator.adjoint(made.data), before)
    with pytest.raises(FrozenInstanceError):
        made.kspace = made.kspace  # type: ignore[misc]


@pytest.mark.parametrize("coils", [1, 3])
def test_the_noise_is_what_it_says(coils, generator):
    mask = gaussian((64, 66), 2, generator=generator)
    maps = coil_maps(3, 64, 66) if coils > 1 else None
    image = torch.zeros(5, 64, 66, dtype=torch.complex64)
    made = Acquisition.simulate(image, mask, maps, 0.25, generator=generator)
    seen = made.kspace[made.mask.expand(made.kspace.shape)]
    assert float(seen.real.std()) == pytest.approx(0.25, rel=0.03)
    assert float(seen.imag.std()) == pytest.approx(0.25, rel=0.03)
    assert float(made.noise_std.squeeze()) == pytest.approx(0.25)
    assert not made.kspace[~made.mask.expand(made.kspace.shape)].any()
    more = made.with_noise(0.6, generator)
    assert float(more.noise_std.squeeze()) == pytest.approx(0.65)
    assert Acquisition.centred(measured(8, 8)).with_noise(0.1).noise_std is None
    for wrong in (-0.1, float("nan"), float("inf")):
        with pytest.raises(UserError, match="noise"):
            made.with_noise(wrong)


def test_simulated_is_the_textbook_transform():
    image = measured(9, 12, dtype=torch.complex128)
    shifted = torch.fft.fftshift(torch.fft.fft2(torch.fft.ifftshift(image), norm="ortho"))
    made = Acquisition.simulate(image, torch.ones(9, 12))
    assert torch.allclose(made.centred_kspace[0], shifted, atol=1e-12)
    assert torch.allclose(Acquisition.centred(shifted).zero_filled, image, atol=1e-12)


def test_a_real_image_and_what_does_not_fit_it():
    made = Acquisition.simulate(torch.rand(8, 8), torch.ones(8), measured(2, 8, 8))
    assert made.kspace.shape == (2, 8, 8) and made.maps.is_complex()
    with pytest.raises(UserError, match="mask has shape"):
        Acquisition.simulate(torch.rand(8, 8), torch.ones(9))
    with pytest.raises(UserError, match="maps have shape"):
        Acquisition.simulate(torch.rand(8, 8), torch.ones(8), measured(2, 8, 9))


def test_another_mask_is_another_acquisition(generator):
    made = film()
    fewer = made.sampled(gaussian((19, 24), 3, generator=generator, centre=0.06))
    assert (fewer.mask & ~made.mask).sum() == 0
    assert not fewer.kspace[~fewer.mask.expand(fewer.kspace.shape)].any()
    assert fewer.acceleration > made.acceleration
    with pytest.raises(UserError, match="mask has shape"):
        made.sampled(torch.ones(5))


def test_scaling_the_measurement_scales_the_image():
    made, factor = film(), torch.tensor([[1j, 2], [3, -1j]]).reshape(2, 2, 1, 1).to(torch.complex64)
    assert torch.allclose(made.scaled(factor).zero_filled, made.zero_filled * factor, atol=1e-5)
    assert torch.allclose(made.scaled(factor).noise_std, 0.01 * factor.abs()[..., None])


def test_maps_are_brought_to_unit_root_sum_of_squares_with_a_note():
    image, maps = torch.randn(16, 18, dtype=torch.complex64), coil_maps(3, 16, 18)
    maps[:, :4] = 0  # outside the body, which stays legal
    scan = Acquisition.simulate(image, torch.ones(16, 18), maps)
    with pytest.warns(Note, match="root sum of squares"):
        scaled = scan.with_maps(3 * maps)
    assert torch.allclose(scaled.maps, scan.maps, atol=1e-6)
    assert torch.equal(scan.with_maps(maps).maps, scan.maps)


def test_a_noise_level_that_varies_over_k_space_is_shifted_as_the_mask_is(tmp_path):
    level = torch.rand(1, 1, 9, 12, generator=torch.Generator().manual_seed(2))
    made = Acquisition.centred(measured(2, 3, 9, 12), noise_std=level)
    assert torch.equal(made.noise_std, torch.fft.ifftshift(level, dim=(-2, -1)))
    assert torch.equal(made.centred_noise_std, level)
    for name in ("a.h5", "a.mat"):
        write(tmp_path / name, made)
        assert torch.equal(open(tmp_path / name).noise_std, made.noise_std)


@pytest.mark.parametrize("scale", [1e-40, 1e60])
def test_kspace_beyond_single_precision_is_refused(scale):
    with pytest.raises(UserError, match="single precision"):
        Acquisition.centred(torch.full((4, 4), scale, dtype=torch.complex128))


def test_slices_without_samples_do_not_count_as_undersampled():
    mask = torch.ones(4, 1, 6, 8)
    mask[2:] = 0
    mask[1, ..., ::2] = 0
    scan = Acquisition.centred(torch.ones(4, 2, 6, 8, dtype=torch.complex64) * mask, mask)
    assert scan.acceleration == pytest.approx(1 / 0.75)
    assert Acquisition.centred(scan.centred_kspace[:1], mask[:1]).acceleration == 1
    film = Acquisition.centred(scan.centred_kspace, mask, axes="time y x")  # a frame without samples does
    assert film.acceleration == pytest.approx(1 / 0.375)


def test_kspace_that_is_not_centred_is_refused_as_in_a_file():
    full = Acquisition.simulate(head((40, 48)), torch.ones(48)).centred_kspace
    shifted = torch.fft.fftshift(full, dim=(-2, -1))
    with pytest.raises(UserError, match=r"not centred: .* 0 of 40 x 48; shift it with numpy.fft.fftshift\(kspace"):
        Acquisition.centred(shifted)
    assert torch.equal(Acquisition.centred(shifted, shift=None).centred_kspace, shifted)
    Acquisition.centred(full)
