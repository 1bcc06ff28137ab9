"""k-t SLR: a film whose frames are combinations of few and whose steps in space and time are few.

    min_x ||A x - y||^2 + mu_1 sum_i phi(s_i(X)) + mu_2 sum |(D_t x, D_y x, D_x x)|

| Accelerated dynamic MRI exploiting sparsity and low-rank structure: k-t SLR (Lingala et al., 2011), equation 10
| https://doi.org/10.1109/TMI.2010.2100850

X has a row for every frame, s_i are its singular values; phi(s) is s^p / p for large s, by its proximal map
(s - t s^(p - 1))_+, as published; p = 1 is the nuclear norm. D are differences to the next pixel, cyclic in
space, and to the next frame.

Variables are split: R = X and S = D x, with multipliers U and V (augmented Lagrangian, beta the paper's):

    R = shrink(X + U, mu_1 / beta_1),  S = shrink(D x + V, mu_2 / beta_2),  U += X - R,  V += D x - S
    (2 A^H A + beta_1 + beta_2 D^H D) x = 2 A^H y + beta_1 (R - U) + beta_2 D^H (S - V)

One coil: the last line is a tridiagonal system along time for every point of k-space, solved exactly. Many
coils: conjugate gradients from the last film. Both beta grow geometrically, which lets large structure settle
before small one, over three quarters of the iterations; the last quarter keeps them.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.method import Method
from dealias.methods._noise_of_film import largest_singular_value_of_noise, noise_of_film
from dealias.methods._temporal_mean import mean_filled
from dealias.problem import Problem
from dealias.shapes import Image
from dealias.solvers.singular_values import largest_singular_value, shrink_singular_values
from dealias.solvers.solve import solve
from dealias.solvers.tridiagonal import Tridiagonal

# both beta at first and in the end; A^H A weighs two
FIRST, LAST = 0.003, 0.5
# mu_1 and mu_2 by themselves where there is little noise. The rank's is within 1 dB of the best of a grid on each of
# three measured films and a heart at 6x. The variation's is the best on average of five on two hearts, two brains
# that were moved and a measured series of urea at 6x, 9x and 11x: reproductions/film_weights.py
LOWEST_RANK, LOWEST_VARIATION = 3e-5, 5e-4
_Solve = Callable[[Image, float, Image], Image]


class KtSLR(Method):
    """The film of low rank and sparse gradients.

    Arguments:
        iterations: of the splitting.
        low_rank: mu_1, in units of the largest singular value of the first film to the 2 - p; None: by the noise.
        total_variation: mu_2, in units of the largest magnitude of A^H y; None: by the noise.
        power: p; 0.1 is the paper's, 1 makes the problem convex.
        tolerance: relative change of a film at which it rests; zero never.
        conjugate_gradients: per iteration, where there are many coils.
    """

    joint = ("time",)
    knobs = {"total_variation": (1e-4, 2e-4, 1e-3, 2e-3)}

    def __init__(
        self,
        iterations: int = 80,
        low_rank: float | None = None,
        total_variation: float | None = None,
        power: float = 0.1,
        tolerance: float = 0.0,
        conjugate_gradients: int = 4,
    ) -> None:
        super().__init__()
        weights = [value for value in (low_rank, total_variation) if value is not None]
        if not (0 < power <= 1 and all(0 <= value < float("inf") for value in (*weights, tolerance))):
            raise UserError("power lies above 0 and is at most 1, weights and tolerance are zero or more; correct them")
        self.iterations = iterations
        self.low_rank = low_rank
        self.total_variation = total_variation
        self.power = power
        self.tolerance = tolerance
        self.conjugate_gradients = conjugate_gradients

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one film per iteration."""
        return self._split(problem)

    def _split(self, problem: Problem) -> Iterator[Tensor]:
        x = mean_filled(problem)
        low_rank, total_variation = self._weights(problem, x)
        step = _exactly(problem) if _one_coil(problem) else _by_gradients(problem, self.conjugate_gradients)
        low = torch.zeros_like(x)  # U, and for a while X + U
        steps = [torch.zeros_like(x) for _ in range(3)]  # V, and for a while D x + V
        last = None
        for beta in self._betas():
            if last is not None and last != beta:
                for multiplier in (low, *steps):
                    multiplier *= last / beta
            last = beta
            low += x
            shrunk = shrink_singular_values(low, low_rank / beta, self.power)
            low -= shrunk
            right = shrunk.sub_(low).add_(_clip_(steps, x, total_variation / beta)).mul_(beta)
            x = step(right, beta, x)
            yield x

    def _betas(self) -> Iterator[float]:
        growing = max(self.iterations * 3 // 4, 1)
        for k in range(self.iterations):
            yield FIRST * (LAST / FIRST) ** min(k / growing, 1)

    def _weights(self, problem: Problem, x: Image) -> tuple[Tensor, Tensor]:
        """Return mu_1 and mu_2 of each film (*batch, 1, 1, 1)."""
        size = largest_singular_value(x)
        low_rank, variation = (torch.full_like(size, value or 0) for value in (self.low_rank, self.total_variation))
        noise = noise_of_film(problem)
        if self.low_rank is None:
            share = largest_singular_value_of_noise(noise, x.shape) / torch.where(size > 0, size, 1)
            low_rank = LOWEST_RANK + 0.2 * share ** (2 - self.power)
        if self.total_variation is None:
            variation = LOWEST_VARIATION + 0.05 * noise
        return low_rank * size ** (2 - self.power), variation


def _one_coil(problem: Problem) -> bool:
    return isinstance(problem, Acquisition) and problem.maps is None


def _exactly(problem: Problem) -> _Solve:
    """Return the solution in k-space, where A^H A and the differences in space are diagonal."""
    assert isinstance(problem, Acquisition)
    data = 2 * problem.kspace.squeeze(-3)
    seen = 2 * problem.mask.squeeze(-3).to(data.real.dtype)
    frames, rows, columns = data.shape[-3:]
    y, x = (torch.fft.fftfreq(n, dtype=seen.dtype, device=seen.device) for n in (rows, columns))
    space = 4 * ((torch.pi * y).sin().square()[:, None] + (torch.pi * x).sin().square())
    time = torch.full((frames, 1, 1), 2.0, dtype=seen.dtype, device=seen.device)
    time[0] -= 1
    time[-1] -= 1

    def step(right: Tensor, beta: float, x: Image) -> Image:
        system = Tridiagonal(seen + beta * space + (beta + beta * time), beta)
        return torch.fft.ifft2(system.solve_(torch.fft.fft2(right, norm="ortho").add_(data)), norm="ortho")

    return step


def _by_gradients(problem: Problem, iterations: int) -> _Solve:
    """Return an approximate solution, by conjugate gradients from the last film."""
    data = 2 * problem.zero_filled

    def step(right: Tensor, beta: float, x: Image) -> Image:
        def normal(z: Image) -> Image:
            return 2 * problem.operator.normal(z) + beta * (z + _laplacian(z))

        return solve(normal, right.add_(data), iterations, 3, start=x).x

    return step


def _clip_(steps: Sequence[Image], x: Image, threshold: Tensor) -> Image:
    """Add D x to V, clip it to the threshold, and return D^H (S - V), where S is what was clipped off.

    One frame after the other, which stays in a CPU's cache.
    """
    threshold = threshold.squeeze(-3)
    total = torch.empty_like(x)
    before = torch.zeros_like(x.select(-3, 0))
    for t in range(x.shape[-3]):
        along, down, right = parts = [part.select(-3, t) for part in steps]
        now = x.select(-3, t)
        if t + 1 < x.shape[-3]:
            along.add_(x.select(-3, t + 1)).sub_(now)
        _add_differences_(down, now, -2)
        _add_differences_(right, now, -1)
        size = torch.zeros_like(now.real, memory_format=torch.contiguous_format)
        for part in parts:
            for real in (part.real, part.imag) if part.is_complex() else (part,):
                size.addcmul_(real, real)
        kept = size.sqrt_().clamp_min_(torch.finfo(size.dtype).tiny).reciprocal_().mul_(threshold).clamp_max_(1)
        rest = 1 - 2 * kept
        along_rest = along * rest
        out = torch.sub(before, along_rest, out=total.select(-3, t))
        before = along_rest
        _add_adjoint_(out, down * rest, -2)
        _add_adjoint_(out, right * rest, -1)
        for part in parts:
            part *= kept
    return total


def _add_differences_(part: Image, x: Image, axis: int) -> None:
    """Add the difference to the next along an axis, of the last to the first."""
    n = x.shape[axis] - 1
    part.narrow(axis, 0, n).add_(x.narrow(axis, 1, n)).sub_(x.narrow(axis, 0, n))
    part.select(axis, -1).add_(x.select(axis, 0)).sub_(x.select(axis, -1))


def _add_adjoint_(total: Image, part: Image, axis: int) -> None:
    n = total.shape[axis] - 1
    total -= part
    total.narrow(axis, 1, n).add_(part.narrow(axis, 0, n))
    total.select(axis, 0).add_(part.select(axis, -1))


def _laplacian(x: Image) -> Image:
    """Return D^H D x."""
    total = 4 * x
    for axis in (-2, -1):
        total -= x.roll(1, axis) + x.roll(-1, axis)
    change = x[..., 1:, :, :] - x[..., :-1, :, :]
    total[..., :-1, :, :] -= change
    total[..., 1:, :, :] += change
    return total
