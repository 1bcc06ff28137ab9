"""A beating heart undersampled in k-t space, and minima of objectives on tiny films by a solver that knows nothing."""

from functools import lru_cache

import torch
from scipy.optimize import minimize

from dealias.acquisition import Acquisition
from dealias.phantoms import heart
from dealias.sampling import gaussian, kt
from problems import coil_maps


@lru_cache(maxsize=2)
def beating(shape=(16, 64, 64), seed=0):
    return heart(shape, seed=seed)


def undersampled(acceleration=4.0, coils=1, noise_std=0.001, seed=0, known=True):
    """A noisy acquisition of a beating heart and the truth."""
    generator = torch.Generator().manual_seed(seed)
    film = beating(seed=seed)
    mask = kt(tuple(film.shape), acceleration, central=4, generator=generator)[:, None]
    maps = coil_maps(coils, *film.shape[-2:])[None] if coils > 1 else None
    problem = Acquisition.simulate(film, mask, maps, noise_std, generator=generator, axes=("time", "y", "x"))
    if known:
        problem = Acquisition.centred(problem.centred_kspace, mask, maps, noise_std, axes=("time", "y", "x"))
    return problem, film


def tiny(frames=3, rows=4, columns=5, acceleration=2.0, maps=None):
    """A film that a generic solver can manage, in double precision."""
    generator = torch.Generator().manual_seed(1)
    film = torch.randn(frames, rows, columns, dtype=torch.complex64, generator=generator).cumsum(0)
    mask = torch.stack([gaussian((rows, columns), acceleration, generator=generator) for _ in range(frames)])
    problem = Acquisition.simulate(film, mask[:, None], maps, 0.05, generator=generator, axes=("time", "y", "x"))
    return problem.to(dtype=torch.float64).normalised(3)[0]


def minimised(objective, start):
    """The least value of an objective that a quasi-Newton solver finds."""

    def value(flat):
        x = torch.view_as_complex(torch.from_numpy(flat).view(*start.shape, 2)).requires_grad_()
        found = objective(x)
        (slope,) = torch.autograd.grad(found, x)
        return found.item(), torch.view_as_real(slope).flatten().numpy()

    flat = torch.view_as_real(start).flatten().numpy()
    found = minimize(value, flat, jac=True, method="L-BFGS-B", options={"maxiter": 120, "ftol": 1e-12})
    return found.fun
