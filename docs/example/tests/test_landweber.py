"""The contract of every method, and what this one should do."""

import torch
from landweber import Landweber

import dealias
from dealias.testing import assert_close, assert_method


def scan(coils=4, shape=(24, 20), noise_std=0.01):
    """A simulated scan of four heads, with two batch axes: the contract asks for no fewer."""
    generator = torch.Generator().manual_seed(0)
    image = torch.stack([dealias.phantoms.head(shape, seed=seed) for seed in range(4)]).reshape(2, 2, *shape)
    mask = dealias.sampling.gaussian(shape, 2, generator=generator)
    maps = dealias.coils.simulate(shape, coils, generator=generator)
    return dealias.Acquisition.simulate(image, mask, maps, noise_std, generator=generator)


def test_contract():
    assert_method(lambda: Landweber(iterations=4), scan())


def test_the_residual_falls_at_every_step():
    problem = scan(noise_std=0.0)
    residuals = [float((problem.operator(x) - problem.data).norm()) for x in dealias.iterate(Landweber(20), problem)]
    assert all(late <= early for early, late in zip(residuals, residuals[1:], strict=False))


def test_it_converges_to_the_least_squares_image():
    problem = scan(noise_std=0.0)
    image = dealias.reconstruct(Landweber(3000, step=1.5), problem)
    assert_close(image, dealias.reconstruct("sense", problem, iterations=100), 1e-2, "least squares")
