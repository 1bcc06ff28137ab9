"""Compressed sensing with sparse wavelet coefficients, by FISTA with restart and random shifts.

    min_x 1/2 ||A x - y||^2 + lambda ||W x||_1

| Sparse MRI: the application of compressed sensing for rapid MR imaging (Lustig et al., 2007), equation A1
| https://doi.org/10.1002/mrm.21391

W is the orthogonal Daubechies-4 transform of the image shifted cyclically, by another random shift in every
iteration: no fixed grid of blocks shows. Lambda falls geometrically to its value over two thirds of the
iterations, so that forty do what a fixed lambda needs hundreds for.

| Translation-invariant de-noising (Coifman and Donoho, 1995)
| https://doi.org/10.1007/978-1-4612-2544-7_9
| Fixed-point continuation for l1-minimization (Hale, Yin and Zhang, 2008)
| https://doi.org/10.1137/070698920
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.method import Method
from dealias.methods._regularisation import check_regularisation, strength
from dealias.noise import of_problem
from dealias.operators.wavelet import Wavelet as WaveletTransform
from dealias.operators.wavelet import noise_deviation
from dealias.problem import Problem
from dealias.shapes import Image
from dealias.solvers.proximal_gradient import largest_eigenvalue, proximal_gradient
from dealias.solvers.shrinkage import soft_threshold

# where lambda starts, and how low it falls by itself; the largest |A^H y| is one
HIGHEST, LOWEST = 0.2, 0.001


class Wavelet(Method):
    """The l1-wavelet image.

    Arguments:
        iterations: of FISTA, from the zero-filled image.
        regularisation: lambda, in units of the largest magnitude of A^H y; None: the noise level, or
            where that is unknown the noise and aliasing that the details of A^H y show.
        levels: of the transform, at most; at 3-5x three were 0.2 to 2 dB above four on heads and bodies.
        seed: of the shifts.
    """

    knobs = {"regularisation": (0.001, 0.002, 0.004, 0.008, 0.016)}

    def __init__(
        self, iterations: int = 40, regularisation: float | None = None, levels: int = 3, seed: int = 0
    ) -> None:
        super().__init__()
        check_regularisation(regularisation)
        if not 0 <= levels <= 16:
            raise UserError(f"{levels} levels are impossible; give 0 to 16")
        self.iterations = iterations
        self.regularisation = regularisation
        self.levels = levels
        self.seed = seed

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one image per iteration."""
        wavelet = WaveletTransform(self.levels)
        start = problem.zero_filled
        size = largest_eigenvalue(problem.operator.normal, start, 4, self.together(problem))
        step = 1 / size
        lasting = strength(
            problem,
            self.regularisation,
            size,
            of_noise=1,
            of_image=lambda x: _noise_and_aliasing(wavelet(x), problem.coupled),
            lowest=LOWEST,
        )
        strengths = _falling(lasting, self.iterations)
        generator = torch.Generator().manual_seed(self.seed)

        def proximal(x: Tensor) -> Tensor:
            shift = torch.randint(2**self.levels, (2,), generator=generator).tolist()
            coefficients = wavelet(x.roll(shift, (-2, -1)))
            shrunk = wavelet.adjoint(soft_threshold(coefficients, step * next(strengths)))
            return shrunk.roll([-s for s in shift], (-2, -1))

        return proximal_gradient(problem.gradient, proximal, start, step, self.iterations, self.together(problem))


def _noise_and_aliasing(coefficients: Image, coupled: int = 2) -> Tensor:
    """Return half the deviation per problem of noise and aliasing in the finest diagonal details.

    Half, because these details hold some of the image too, and soft thresholds take from every large coefficient.
    """
    return of_problem(noise_deviation(coefficients), coupled) / 2


def _falling(strength: Tensor, iterations: int) -> Iterator[Tensor]:
    """Yield lambda for each iteration: geometric from HIGHEST to its value, which the last third keeps."""
    steps = iterations * 2 // 3
    ratio = strength.clamp_min(LOWEST) / HIGHEST
    for k in range(iterations):
        yield strength if k >= steps else torch.maximum(strength, HIGHEST * ratio ** (k / steps))
