"""k-t FOCUSS: what changes in a film is sparse in temporal frequencies, found by weighted least squares.

    x = b + F_t^H q,  q = W z,  z = argmin_z ||A F_t^H W z - (y - A b)||^2 + lambda ||z||^2,  W = |q|^p

| k-t FOCUSS: a general compressed sensing framework for high resolution dynamic MRI (Jung et al., 2009),
| equations 13-17 | https://doi.org/10.1002/mrm.21757
| Improved k-t BLAST and k-t SENSE using FOCUSS (Jung, Ye and Kim, 2007)
| https://doi.org/10.1088/0031-9155/52/11/018

b is the still image that agrees best with the data of all frames, F_t the Fourier transform along time. The
first W is that of the zero-filled film's frequencies; each further one that of the last q. With p = 1/2 the
fixed points minimise ||A x - y||^2 + 2 lambda ||q||_1.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.method import Method
from dealias.methods._noise_of_film import noise_of_film
from dealias.methods._temporal_mean import temporal_mean
from dealias.operators.temporal_fourier import TemporalFourier
from dealias.problem import Problem
from dealias.shapes import Image
from dealias.solvers.conjugate_gradient import conjugate_gradient

# lambda by itself where there is little noise; ten times that changes films at 6x by 0.1 dB
LOWEST = 1e-3


class KtFOCUSS(Method):
    """The film whose changes have few temporal frequencies.

    Arguments:
        iterations: of conjugate gradients, all updates of the weights together.
        updates: how often the weights are set.
        power: p; 1/2 is the paper's.
        regularisation: lambda, in units of the largest magnitude of A^H y; None: by the noise.
        tolerance: relative change of a film at which it rests; zero never.
    """

    joint = ("time",)

    def __init__(
        self,
        iterations: int = 40,
        updates: int = 2,
        power: float = 0.5,
        regularisation: float | None = None,
        tolerance: float = 0.0,
    ) -> None:
        super().__init__()
        given = [power, tolerance, 0.0 if regularisation is None else regularisation]
        if updates < 1 or not all(0 <= value < float("inf") for value in given):
            raise UserError("updates are one or more, power, regularisation and tolerance zero or more; correct them")
        self.iterations = iterations
        self.updates = updates
        self.power = power
        self.regularisation = regularisation
        self.tolerance = tolerance

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one film per iteration."""
        return self._reweighted(problem)

    def _reweighted(self, problem: Problem) -> Iterator[Image]:
        start = problem.zero_filled
        real = not start.is_complex()
        fourier = TemporalFourier()
        still = temporal_mean(problem)
        rest = fourier(-problem.gradient(still.expand(start.shape)))
        given = self.regularisation
        strength = (
            LOWEST + 0.5 * noise_of_film(problem) if given is None else torch.full_like(still[..., :1, :1].real, given)
        )
        q = rest
        for number in self._numbers():
            weight = q.abs() ** self.power

            def normal(z: Image, weight: Tensor = weight) -> Image:
                return weight * fourier(problem.operator.normal(fourier.adjoint(weight * z))) + strength * z

            for z in conjugate_gradient(normal, weight * rest, number, self.together(problem)):
                q = weight * z
                change = fourier.adjoint(q)
                yield still + (change.real if real else change)

    def _numbers(self) -> Iterator[int]:
        """Yield how many iterations each setting of the weights gets, at least one."""
        updates = min(self.updates, self.iterations)
        for k in range(updates):
            yield self.iterations * (k + 1) // updates - self.iterations * k // updates
