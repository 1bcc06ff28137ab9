"""NumPy arrays in, NumPy arrays out."""

import numpy as np
import pytest
import torch

import dealias
from dealias.errors import UserError
from dealias.evaluation import metrics
from dealias.numpy_bridge import numbers, numpy_too
from dealias.operators.cartesian import Cartesian
from dealias.operators.wavelet import Wavelet


@pytest.mark.parametrize("name", ["mse", "nmse", "nrmse", "psnr", "ssim", "hfen"])
def test_metrics_of_arrays(name, generator):
    image, reference = (torch.randn(2, 24, 20, dtype=torch.complex128, generator=generator) for _ in range(2))
    measure = getattr(metrics, name)
    value = measure(image.numpy(), reference=reference.numpy())
    assert isinstance(value, np.ndarray) and value.dtype == np.float64
    assert np.array_equal(value, measure(image, reference).numpy())
    assert isinstance(measure(image, reference), torch.Tensor)


@pytest.mark.parametrize(
    "operator", [Cartesian(torch.ones(1, 16, 12) > 0, None), Wavelet(2)], ids=["cartesian", "wavelet"]
)
def test_operators_of_arrays(operator, generator):
    image = torch.randn(16, 12, dtype=torch.complex128, generator=generator)
    data = operator(image.numpy())
    assert isinstance(data, np.ndarray)
    assert np.array_equal(data, operator(image).numpy())
    assert np.array_equal(operator.H(data), operator.H(operator(image)).numpy())
    assert np.array_equal((operator.H @ operator)(image.numpy()), (operator.H @ operator)(image).numpy())


def test_tuples_and_mixed_arguments():
    @numpy_too
    def both(a, b, scale=1.0):
        return a * scale, b.sum(), "text"

    first, second, third = both(np.ones(3, np.float32), torch.ones(2), scale=2.0)
    assert first.dtype == np.float32 and first.tolist() == [2, 2, 2] and isinstance(second, np.ndarray)
    assert third == "text"
    assert isinstance(both(torch.ones(3), torch.ones(2))[0], torch.Tensor)


def test_arrays_in_any_order_of_bytes_and_axes():
    backwards = np.arange(6.0).reshape(2, 3)[:, ::-1].astype(">f4")
    assert numbers(backwards, "x").tolist() == [[2, 1, 0], [5, 4, 3]]
    with pytest.raises(UserError, match="x holds"):
        numbers(["a"], "x")


@pytest.mark.parametrize("name", ["gaussian", "cartesian", "poisson", "kt"])
def test_masks_of_a_numpy_generator(name):
    shape = (3, 64, 60) if name == "kt" else (64, 60)
    draw = getattr(dealias.sampling, name)
    first, again, other = (draw(shape, 3, generator=np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert isinstance(first, np.ndarray) and first.dtype == bool
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert isinstance(draw(shape, 3, generator=torch.Generator().manual_seed(0)), torch.Tensor)


def test_maps_of_a_numpy_generator_and_arrays():
    maps = dealias.coils.simulate((32, 24), 3, generator=np.random.default_rng(0))
    assert isinstance(maps, np.ndarray) and maps.shape == (3, 32, 24)
    images = maps * np.ones((32, 24), np.complex64)
    assert isinstance(dealias.coils.combine(images, maps), np.ndarray)
