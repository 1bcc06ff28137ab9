"""Metrics against scikit-image, SciPy and values worked by hand."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from dealias.errors import UserError
from dealias.evaluation.metrics import hfen, mse, nmse, nrmse, psnr, ssim

EVERY = (mse, nmse, nrmse, psnr, ssim, hfen)


def pair(shape=(3, 41, 52), dtype=torch.complex128, seed=0):
    generator = torch.Generator().manual_seed(seed)
    reference = torch.randn(shape, generator=generator, dtype=dtype)
    reference[..., :9, :] = 0
    return reference + 0.3 * torch.randn(shape, generator=generator, dtype=dtype), reference


def test_values_by_hand():
    reference = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    image = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert mse(image, reference).item() == 0.25
    assert nmse(image, reference).item() == pytest.approx(1 / 5, rel=1e-6)
    assert nrmse(image, reference).item() == pytest.approx(5**-0.5, rel=1e-6)
    assert psnr(image, reference).item() == pytest.approx(10 * np.log10(16), rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.complex128, torch.complex64])
def test_psnr_and_ssim_are_those_of_scikit_image(dtype):
    image, reference = pair(dtype=dtype)
    decibels, uniform = psnr(image, reference), ssim(image, reference)
    gaussian = ssim(image, reference, "gaussian")
    for i, (a, b) in enumerate(zip(image.abs().numpy(), reference.abs().numpy(), strict=True)):
        peak = float(b.max())
        paper = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        assert decibels[i].item() == pytest.approx(peak_signal_noise_ratio(b, a, data_range=peak), abs=1e-5)
        assert uniform[i].item() == pytest.approx(structural_similarity(b, a, data_range=peak), abs=1e-5)
        wanted = structural_similarity(b, a, data_range=peak, **paper)
        assert gaussian[i].item() == pytest.approx(wanted, abs=1e-5)


def test_hfen_is_that_of_scipy():
    image, reference = pair()
    y, x = np.mgrid[-7:8, -7:8]
    weight = np.exp(-(x**2 + y**2) / 4.5)
    kernel = weight * (x**2 + y**2 - 4.5) / (1.5**4 * weight.sum())
    kernel -= kernel.sum() / 225  # as MATLAB's fspecial("log", 15, 1.5)

    def relative(a, b):
        return np.linalg.norm(a - b) / np.linalg.norm(b)

    for a, b, found in zip(image.abs().numpy(), reference.abs().numpy(), hfen(image, reference), strict=True):
        filtered = [ndimage.convolve(v, kernel, mode="constant") for v in (a, b)]
        assert found.item() == pytest.approx(relative(*filtered), rel=1e-10)
        filtered = [ndimage.gaussian_laplace(v, 1.5, truncate=4.5, mode="constant") for v in (a, b)]
        assert found.item() == pytest.approx(relative(*filtered), rel=1e-3)


WITH_PHASE = (mse, nmse, nrmse, psnr, hfen)


@pytest.mark.parametrize("metric", WITH_PHASE)
def test_with_phase_the_complex_images_are_compared(metric):
    image, reference = pair()
    positive = image.abs(), reference.abs()
    torch.testing.assert_close(metric(*(x + 0j for x in positive), phase=True), metric(*positive))
    turned = [x * torch.tensor(0.7j).exp() for x in (image, reference)]
    torch.testing.assert_close(metric(*turned, phase=True), metric(image, reference, phase=True))
    assert metric(reference, reference, phase=True)[0] == metric(reference, reference)[0]
    # a turned image has all its magnitudes right and all its values wrong
    assert metric(1j * reference, reference, phase=True)[0] != metric(reference, reference)[0]


def test_complex_values_by_hand_and_by_numpy():
    image, reference = pair()
    for i, (a, b) in enumerate(zip(image.numpy(), reference.numpy(), strict=True)):
        error = (abs(a - b) ** 2).mean()
        assert mse(image, reference, phase=True)[i].item() == pytest.approx(error)
        assert nmse(image, reference, phase=True)[i].item() == pytest.approx(error / (abs(b) ** 2).mean())
        wanted = 10 * np.log10(abs(b).max() ** 2 / error)
        assert psnr(image, reference, phase=True)[i].item() == pytest.approx(wanted)
    opposite = torch.ones(1, 9, 9), -torch.ones(1, 9, 9)
    assert psnr(*opposite) == torch.inf and psnr(*opposite, phase=True).item() == pytest.approx(-10 * np.log10(4))


def test_the_data_range_of_a_volume_is_that_of_fastmri_and_scikit_image():
    image, reference = pair()
    scale = torch.tensor([1.0, 0.2, 0.01])[:, None, None]
    image, reference = image * scale, reference * scale
    volume = float(reference.abs().max())
    decibels, similar = psnr(image, reference, data_range=volume), ssim(image, reference, data_range=volume)
    for i, (a, b) in enumerate(zip(image.abs().numpy(), reference.abs().numpy(), strict=True)):
        assert decibels[i].item() == pytest.approx(peak_signal_noise_ratio(b, a, data_range=volume))
        assert similar[i].item() == pytest.approx(structural_similarity(b, a, data_range=volume))
    own = reference.abs().amax((-2, -1))
    torch.testing.assert_close(psnr(image, reference, data_range=own), psnr(image, reference))
    assert np.allclose(psnr(image.numpy(), reference.numpy(), data_range=own.numpy()), psnr(image, reference))
    with pytest.raises(UserError, match="more than zero"):
        psnr(image, reference, data_range=0)


@pytest.mark.parametrize("metric", WITH_PHASE)
def test_the_gradient_with_phase(metric):
    image, reference = pair((2, 15, 16))
    assert torch.autograd.gradcheck(lambda a: metric(a, reference, phase=True), image.requires_grad_(), fast_mode=True)


@pytest.mark.parametrize("reference", [pair()[1], torch.zeros(2, 20, 20)], ids=["noise", "empty"])
def test_identical_images_are_perfect(reference):
    assert (psnr(reference, reference) == torch.inf).all()
    assert torch.allclose(ssim(reference, reference), torch.ones(len(reference), dtype=reference.real.dtype))
    for metric in (mse, nmse, nrmse, hfen):
        assert (metric(reference, reference) == 0).all()


@pytest.mark.parametrize("metric", EVERY)
def test_a_slice_does_not_know_its_neighbours(metric):
    image, reference = pair((2, 3, 24, 31))
    together = metric(image, reference)
    slices = zip(image.flatten(0, 1), reference.flatten(0, 1), strict=True)
    alone = torch.stack([metric(a, b) for a, b in slices])
    assert together.shape == (2, 3)
    torch.testing.assert_close(together, alone.reshape(2, 3), rtol=1e-12, atol=0)


@pytest.mark.parametrize("metric", [nmse, nrmse, psnr, ssim, hfen])
@pytest.mark.parametrize("scale", [2.0**-80, 2.0**40])
def test_the_scale_and_the_phase_of_both_do_not_count(metric, scale):
    image, reference = pair(dtype=torch.complex64)
    assert torch.equal(metric(image * scale, reference * scale), metric(image, reference))
    torch.testing.assert_close(metric(image * 1j, reference * -1), metric(image, reference))


@pytest.mark.parametrize("metric", EVERY)
def test_the_gradient_is_the_derivative(metric):
    image, reference = pair((2, 15, 16))
    assert torch.autograd.gradcheck(lambda a: metric(a, reference), image.requires_grad_(), fast_mode=True)


@pytest.mark.parametrize("metric", EVERY)
def test_the_gradient_is_finite_where_pixels_are_zero(metric):
    image, reference = pair((16, 16))
    image = torch.where(reference == 0, 0, image).requires_grad_()
    metric(image, reference).backward()
    assert torch.isfinite(image.grad).all()
    assert image.grad.abs().max() > 0


@pytest.mark.parametrize("metric", EVERY)
def test_images_of_two_precisions_are_compared_in_the_higher(metric):
    image, reference = pair()
    found = metric(image.to(torch.complex64), reference)
    assert found.dtype == torch.float64
    assert torch.allclose(found, metric(image, reference), rtol=1e-4)
    assert torch.allclose(metric(image, reference.to(torch.complex64)), metric(image, reference), rtol=1e-4)


def test_ssim_keeps_its_precision_under_autocast():
    image, reference = pair(dtype=torch.complex64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        seen = ssim(image, reference)
    assert torch.equal(seen, ssim(image, reference))


@pytest.mark.parametrize("metric", EVERY)
def test_shapes_that_differ_are_refused_in_one_line(untyped, metric):
    line = r"shape \(1, 20, 20\) and the reference \(20, 20\); compare"
    with pytest.raises(UserError, match=line) as caught:
        metric(torch.ones(1, 20, 20), torch.ones(20, 20))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("window", "size"), [("uniform", 7), ("gaussian", 11)])
def test_ssim_refuses_images_smaller_than_its_window(untyped, window, size):
    small = torch.ones(size - 1, 40)
    with pytest.raises(UserError, match=f"{size} x {size} pixels or more, not {size - 1} x 40"):
        ssim(small, small, window)
    whole = torch.ones(size, size)
    assert ssim(whole, whole, window).item() == pytest.approx(1)
    with pytest.raises(UserError, match="'hann' is unknown"):
        ssim(whole, whole, "hann")
