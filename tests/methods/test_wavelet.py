"""l1-wavelet reconstruction minimises its objective, whatever the maps' scale, and picks lambda itself."""

from dataclasses import replace

import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.methods.wavelet import LOWEST, Wavelet, _falling, _noise_and_aliasing
from dealias.operators.wavelet import Wavelet as WaveletTransform
from dealias.sampling import gaussian
from dealias.testing import assert_close
from problems import coil_maps, film

SMALL = {"iterations": 4}


def head(shape=(64, 64)):
    """Ellipses with a smooth phase."""
    y, x = torch.linspace(-1, 1, shape[0])[:, None], torch.linspace(-1, 1, shape[1])
    image = torch.zeros(shape)
    for value, cy, cx, ry, rx in [(1, 0, 0, 0.8, 0.7), (-0.5, 0, 0, 0.7, 0.6), (0.4, 0.2, 0.2, 0.2, 0.3)]:
        image = image + value * (((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < 1)
    return torch.polar(image.clamp_min(0), 0.5 * y - x * y)


def undersampled(acceleration=3.0, maps=None, noise_std=0.001, shape=(64, 64)):
    generator = torch.Generator().manual_seed(3)
    mask = gaussian(shape, acceleration, generator=generator)
    return Acquisition.simulate(head(shape), mask, maps, noise_std, generator=generator)


def test_minimises_its_objective():
    """With W = 1, which has no grid to shift, the optimality conditions hold: |gradient| <= lambda."""
    problem, _ = undersampled().normalised()
    problem = problem.to(dtype=torch.float64)
    method = Wavelet(iterations=1500, regularisation=0.02, levels=0)
    *_, x = method.estimates(problem)
    gradient = problem.gradient(x)
    live = x.abs() > 1e-6
    assert 0 < live.sum() < live.numel()
    assert_close(gradient[live], -0.02 * x[live] / x[live].abs(), 1e-3, "gradient where not zero")
    assert gradient.abs().max() < 0.02 * 1.001


@pytest.mark.parametrize("shape", [(64, 64), (61, 75)])
def test_beats_zero_filling(shape):
    problem = undersampled(shape=shape)
    assert psnr(Wavelet()(problem), head(shape)) > psnr(problem.zero_filled, head(shape)) + 6


@pytest.mark.parametrize(("acceleration", "known"), [(2.0, True), (4.0, True), (3.0, False), (5.0, False)])
@pytest.mark.parametrize("noise_std", [0.001, 0.02])
def test_lambda_by_itself_is_near_the_best(acceleration, known, noise_std):
    problem = undersampled(acceleration, noise_std=noise_std)
    problem = problem if known else replace(problem, noise_std=None)
    best = max(psnr(Wavelet(regularisation=value)(problem), head()) for value in (0.001, 0.003, 0.01, 0.03))
    assert psnr(Wavelet()(problem), head()) > best - 1.0


def test_unknown_noise_is_found_by_half():
    noise = torch.randn(2, 256, 256, dtype=torch.complex64) * 2**0.5
    value = _noise_and_aliasing(WaveletTransform()(noise * torch.tensor([1, 0.1])[:, None, None]))
    torch.testing.assert_close(value.flatten(), torch.tensor([0.5, 0.05]), rtol=0.02, atol=0)
    value = _noise_and_aliasing(WaveletTransform()(noise[0].real.contiguous()))
    torch.testing.assert_close(value.flatten(), torch.tensor([0.5]), rtol=0.03, atol=0)


@pytest.mark.parametrize("value", [0.0, 0.003, 0.5])
@pytest.mark.parametrize("iterations", [1, 2, 40])
def test_lambda_falls_to_its_value(value, iterations):
    values = torch.stack(list(_falling(torch.tensor(value), iterations)))
    assert len(values) == iterations
    assert (values.diff() <= 0).all()
    assert values[-1] == value
    assert (values[: iterations * 2 // 3] >= min(LOWEST, max(value, LOWEST))).all()


@pytest.mark.parametrize("scale", [0.05, 1.0, 20.0])
def test_maps_of_any_scale(scale):
    """The steps follow the operator's norm: maps that are not of unit size neither diverge nor stall."""
    maps = coil_maps(4, 64, 64) * scale
    problem = undersampled(maps=maps, noise_std=0.001 * scale)
    image = Wavelet()(problem)
    assert psnr(image, head()) > 30


def test_more_coils_help():
    one, four = undersampled(), undersampled(maps=coil_maps(4, 64, 64))
    assert psnr(Wavelet()(four), head()) > psnr(Wavelet()(one), head())


def test_seed_moves_the_shifts():
    problem = film(shape=(32, 32))
    first = Wavelet(iterations=3)(problem)
    assert torch.equal(first, Wavelet(iterations=3)(problem))
    assert not torch.equal(first, Wavelet(iterations=3, seed=1)(problem))


def test_empty_data_give_an_empty_image():
    problem = undersampled()
    empty = problem.scaled(torch.zeros(1, 1))
    assert torch.equal(Wavelet(4)(empty), torch.zeros(64, 64, dtype=torch.complex64))


def test_an_image_of_one_column():
    problem = Acquisition.simulate(torch.randn(20, 1, dtype=torch.complex64), torch.ones(20, 1))
    assert torch.isfinite(Wavelet()(problem)).all()


@pytest.mark.parametrize("arguments", [{"levels": -1}, {"levels": 70}, {"regularisation": -0.1}])
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="impossible; give (0 to 16|zero or more)"):
        Wavelet(**arguments)
