"""CG-SENSE is the least-squares image."""

import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.methods.sense import Sense
from dealias.sampling import cartesian
from dealias.testing import assert_close
from problems import coil_maps, film

SMALL = {"iterations": 5}


def unfolding(noise_std=0.0):
    """Every second line of eight coils, in double precision: solvable, conditioned well."""
    image = torch.randn(16, 20, dtype=torch.complex128)
    mask = torch.arange(16)[:, None].expand(16, 20) % 2 == 0
    maps = coil_maps(8, 16, 20).to(torch.complex128)
    return image, Acquisition.simulate(image, mask, maps, noise_std)


def matrix(problem):
    """A as a dense matrix, one column for every pixel."""
    rows, columns = problem.shape[-2:]
    pixels = torch.eye(rows * columns, dtype=torch.complex128).reshape(-1, rows, columns)
    encode = Acquisition(problem.kspace[None], problem.mask[None], problem.maps[None]).operator
    return encode(pixels).flatten(1).mT


def test_unfolds_noiseless_data():
    image, problem = unfolding()
    assert_close(Sense(iterations=400)(problem), image, 1e-8, "unfolded")


@pytest.mark.parametrize("regularisation", [0.0, 0.1])
def test_is_the_regularised_least_squares_image(regularisation):
    _, problem = unfolding(0.1)
    a = matrix(problem)
    normal = a.mH @ a + regularisation * torch.eye(a.shape[1], dtype=a.dtype)
    wanted = torch.linalg.solve(normal, a.mH @ problem.kspace.flatten()).reshape(problem.shape)
    assert_close(Sense(400, regularisation)(problem), wanted, 1e-8, "least squares")


def test_residual_never_grows():
    problem = film(batch=(2,), coils=4).normalised()[0]
    sizes = [problem.data.abs().square().sum((-3, -2, -1))]
    for x in Sense(10).estimates(problem):
        sizes.append((problem.operator(x) - problem.data).abs().square().sum((-3, -2, -1)))
    sizes = torch.stack(sizes)
    assert (sizes.diff(dim=0) <= 1e-6 * sizes[:1]).all()


def test_measured_brain(shared, generator):
    """Lines at 2x: below the error of zero-filling, with maps taken from the image itself."""
    import numpy as np

    kspace = torch.from_numpy(np.load(shared / "mc_espirit_brain8_full.npz")["kspace"]).to(torch.complex64)
    full = Acquisition.centred(kspace)
    coils = torch.fft.ifft2(full.kspace, norm="ortho")
    rss = coils.abs().square().sum(0).sqrt()
    problem = full.with_maps(coils / rss).sampled(cartesian(rss.shape, 2.0, generator=generator))
    error = (Sense(15)(problem).abs() - rss).norm() / rss.norm()
    before = (problem.zero_filled.abs() - rss).norm() / rss.norm()
    assert error < 0.5 * before
