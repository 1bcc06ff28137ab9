"""What methods share that look for an image among those that a prior can make: x = G(z), small and of magnitudes.

    min_z n/N ||A R (G(z) exp(i phi)) - y||^2 + penalty(z)

R brings n pixels to the N of the problem, phi is the phase of the middle of k-space.
"""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.method import Method
from dealias.methods._data_consistency import data_consistency
from dealias.networks.channels import check_sizes
from dealias.operators.resize import Resize
from dealias.problem import Problem
from dealias.shapes import Image

GRADIENTS = 3  # of several coils; many more would fit their noise, which their maps enlarge


class Latent(Method):
    """The image of the z that fits the data best, by Adam; at last what was measured is put back at full size.

    Each image of a film and each slice of a volume has a z of its own.

    Arguments:
        size: rows and columns of the prior's images.
        length: of z.
        iterations: updates of z.
        rate: the learning rate of Adam.
        restarts: random z to begin with, of which the least objective wins.
        start: deviation of the numbers that z begins with; 0 begins at the prior's middle.
        seed: of these numbers, the same for every problem of a batch.
    """

    trained: ClassVar[bool] = True
    for_comparison: ClassVar[bool] = True

    def __init__(
        self,
        size: tuple[int, int],
        length: int,
        iterations: int,
        rate: float,
        restarts: int,
        start: float,
        seed: int,
    ) -> None:
        super().__init__()
        check_sizes(iterations=iterations, restarts=restarts)
        if not 0 < rate < float("inf") or not 0 <= start < float("inf"):
            raise UserError("rate must be more than zero, start zero or more; correct them")
        self.size = size
        self.length = length
        self.iterations = iterations
        self.rate = rate
        self.restarts = restarts
        self.start = start
        self.seed = seed

    @abstractmethod
    def decoded(self, z: Tensor) -> tuple[Image, Tensor]:
        """Return the magnitudes (*batch, y, x) of z (*batch, length), and the penalties (*batch)."""

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield the image of the best restart before each update; the last obeys the data."""
        like = problem.zero_filled
        z = self.beginning(like).requires_grad_()
        enlarge, phase = Resize(self.size, (like.shape[-2], like.shape[-1])), _phase(like, self.size)
        optimiser = torch.optim.Adam([z], lr=self.rate)
        for left in reversed(range(self.iterations)):
            with torch.enable_grad():
                magnitudes, penalties = self.decoded(z)
                x = enlarge(magnitudes.to(like) * phase)
                objective = self._objective(problem, x, penalties)
                if left:
                    (z.grad,) = torch.autograd.grad(objective.sum(), z)
            if left:
                optimiser.step()
                yield _best(x.detach(), objective)
        yield data_consistency(problem, _best(x, objective), None, GRADIENTS)

    def beginning(self, zero_filled: Image) -> Tensor:
        """Return z of each restart (restart, *batch, length), by itself random and the same for all of a batch."""
        generators = [torch.Generator().manual_seed(self.seed + number) for number in range(self.restarts)]
        numbers = torch.stack([torch.randn(self.length, generator=generator) for generator in generators])
        lead = zero_filled.shape[:-2]
        z = (self.start * numbers).to(zero_filled.real).reshape(self.restarts, *(1,) * len(lead), self.length)
        return z.expand(self.restarts, *lead, self.length).clone()

    def _objective(self, problem: Problem, x: Image, penalties: Tensor) -> Tensor:
        """Return the objective of each restart and problem, the axes of a problem kept.

        Without the constant ||y||^2, in which small differences would drown.
        """
        axes = tuple(range(-max(self.together(problem), len(problem.axes)), 0))
        fit = (x.conj() * (problem.operator.normal(x) - 2 * problem.zero_filled)).real.sum(axes, keepdim=True)
        share = self.size[0] * self.size[1] / x.shape[-2:].numel()
        return share * fit + penalties[..., None, None].sum(axes, keepdim=True)


def _best(x: Tensor, objective: Tensor) -> Tensor:
    """Return of several restarts the image with the least objective, for each problem by itself."""
    place = objective.detach().argmin(0, keepdim=True).expand(1, *x.shape[1:])
    return x.gather(0, place)[0]


def _phase(zero_filled: Image, size: tuple[int, int]) -> Tensor:
    """Return the phase (*batch, *size) of the middle half of k-space; of a real image the sign."""
    full, half = (zero_filled.shape[-2], zero_filled.shape[-1]), (size[0] // 2, size[1] // 2)
    return Resize(half, size)(Resize(full, half)(zero_filled)).sgn()
