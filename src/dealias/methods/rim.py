"""The recurrent inference machine: a network that sees the estimate and the gradient, and remembers.

    x_{t+1} = x_t + h(g_t, x_t, s_{t+1}),  s_{t+1} = g(g_t, x_t, s_t),  g_t = A^H (A x_t - y),  x_0 = A^H y

| Recurrent Inference Machines for Solving Inverse Problems (Putzky and Welling, 2017)
| https://arxiv.org/abs/1706.04008
| Recurrent Inference Machines for Accelerated MRI Reconstruction (Lonning et al., 2018)
| https://openreview.net/forum?id=H1LZ6v8iM

The papers divide g_t by the noise variance; their sigma is not printed, and at 0.001 of the maximum it would
multiply one input by a million. Here sigma is 1, and `noise_input` feeds the noise level as one more channel.

`damping` is for operators that tell some frequencies much more of than others, as that of susceptibility does:

    P g_t takes the place of g_t, and P A^H y that of A^H y,  P = F^-1 (s / max s + damping)^-1 F

with s the spectrum of A^H A, as the operator knows it. The scale is then that of P A^H y, whose root mean square is
one where data are, and not that of its largest value, which noise may have made.

`consistency_steps` lets the estimates obey the data as far as their noise allows, while the recursion goes on as above:

    x_T + d,  (w A^H A + (1 - w) I) d = w A^H (y - A x_T) by that many conjugate gradients

which is the best linear estimate of the error of x_T, were it white; w / (1 - w) is its variance over that of the
noise, as the size of the residual tells. For one coil that is w A^H (y - A x_t) with w = 1 - E||noise||^2 /
||A x_T - y||^2, the estimator of James and Stein, after one iteration. Where nobody told the noise level, w is 0.95:
the outermost samples overrate the noise, which made images of measured coils worse. The steps were what clean data at
low acceleration lacked: a network alone does not reproduce what was measured. Outside training all but the last
estimate make do with one iteration, since nothing builds on them.
"""

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from dealias.errors import UserError
from dealias.method import Method
from dealias.methods._noise_channel import noise_channel
from dealias.networks.channels import check_channels, check_sizes, to_channels, to_image
from dealias.networks.conv_gru import ConvGRU
from dealias.networks.winograd import convolved
from dealias.noise import with_noise_level
from dealias.problem import Problem
from dealias.shapes import Channels
from dealias.solvers.solve import solve

UNTOLD = 0.95  # w where the noise level is unknown: the best of six on two measured scans and 32 measured maps


class RIM(Method):
    """Conv 5x5, GRU, conv 3x3, GRU, conv 3x3; one network for all steps, 94,082 parameters.

    Arguments:
        features: channels of each convolution and hidden state.
        iterations: time steps; any number at run time.
        channels: real channels of an image: 2 where it is complex, 1 where it is real.
        noise_input: feed the logarithm of the noise level as a further channel.
        consistency_steps: conjugate gradients by which the last estimate obeys the data; 0 leaves all as they are.
        recompute: in training, recompute each step on the way back instead of storing it: less memory.
        memory: keep the hidden states from step to step; without, each step sees its estimate and gradient alone.
        dimensions: 2 for images; 3 for volumes that the operator couples, such as susceptibility.
        damping: divide gradients by the operator's spectrum and this share of its largest value; None leaves them.
        support_input: feed where data are as a further channel, for problems that know it.
        trust: w, from 0, estimates alone, to 1, data alone; None: by the noise level, or 0.95 where that is unknown.
    """

    def __init__(  # noqa: PLR0913 - the constructor is the configuration
        self,
        features: int = 64,
        iterations: int = 8,
        channels: int = 2,
        noise_input: bool = False,
        consistency_steps: int = 0,
        recompute: bool = False,
        memory: bool = True,
        dimensions: int = 2,
        trust: float | None = None,
        damping: float | None = None,
        support_input: bool = False,
    ) -> None:
        super().__init__()
        if dimensions not in (2, 3) or (noise_input and dimensions == 3):
            told = " told the noise" if noise_input else ""
            raise UserError(f"a RIM of {dimensions} dimensions{told} is impossible; give 2 or 3, noise_input with 2")
        check_sizes(features=features, iterations=iterations, channels=channels)
        if trust is not None and not 0 <= trust <= 1:
            raise UserError(f"trust of {trust} is impossible; give 0 to 1")
        if damping is not None and not damping > 0:
            raise UserError(f"damping of {damping} is impossible; give more than 0, such as 0.03")
        self.iterations = iterations
        self.noise_input = noise_input
        self.consistency_steps = consistency_steps
        self.trust = trust
        self.damping = damping
        self.support_input = support_input
        self.takes_noise = noise_input
        self.recompute = recompute
        self.memory = memory
        self.dimensions = dimensions
        convolution = nn.Conv2d if dimensions == 2 else nn.Conv3d
        self.inwards = convolution(2 * channels + noise_input + support_input, features, 5, padding=2)
        self.between = convolution(features, features, 3, padding=1)
        self.outwards = convolution(features, channels, 3, padding=1)
        self.units = nn.ModuleList(ConvGRU(features, features) for _ in range(2))
        self.activations: Iterable[Callable[[Tensor], Tensor]] = (torch.relu_, torch.relu_)
        layout = torch.channels_last if dimensions == 2 else torch.channels_last_3d
        self.to(memory_format=layout)  # type: ignore[call-overload]

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one image per time step."""
        return self.recursion(problem, self.iterations)

    def recursion(self, problem: Problem, iterations: int) -> Iterator[Tensor]:
        """Yield one image for each of so many time steps.

        Raises:
            UserError: where the image has other channels, or fewer dimensions, than the network.
        """
        if problem.spatial < self.dimensions:  # of a volume, two dimensions are slices that the gradient joins
            text = f"this network has dimensions={self.dimensions}, the problem {problem.spatial}"
            raise UserError(f"{text}; make it with dimensions={problem.spatial}")
        if self.takes_noise:
            problem = with_noise_level(problem)  # once, not at every step
        check_channels(problem.zero_filled, self.outwards.out_channels)
        precondition = _preconditioner(problem, self.damping)
        x = precondition(problem.zero_filled)
        size = None if self.damping is None else _size(problem, x)
        if size is not None:
            problem, x = problem.scaled(1 / size), x / size
        more = self._told(problem)
        first: Channels | None = None
        second: Channels | None = None
        for left in reversed(range(iterations)):
            seen = to_channels(x, precondition(problem.gradient(x)), dimensions=self.dimensions)
            if more:
                seen = torch.cat((seen, *(channel.expand(-1, -1, *seen.shape[2:]) for channel in more)), 1)
            if self.recompute and torch.is_grad_enabled():
                update, first, second = checkpoint(self._step, seen, first, second, use_reentrant=False)
            else:
                update, first, second = self._step(seen, first, second)
            if not self.memory:
                first = second = None
            x = x + to_image(update, x)
            # the recursion never sees the correction, so that it need be good only where a loss or a user looks at it
            thorough = self.training or not left
            steps = self.consistency_steps if thorough else min(self.consistency_steps, 1)
            estimate = x + self._correction(problem, x, steps, self.trust) if steps else x
            yield estimate if size is None else size * estimate

    def _told(self, problem: Problem) -> list[Channels]:
        """Return what else the network sees at every step."""
        told = [noise_channel(problem)] if self.noise_input else []
        if self.support_input:
            x = problem.zero_filled.real
            where = torch.ones_like(x) if problem.support is None else problem.support.expand(x.shape).to(x)
            told.append(to_channels(where, dimensions=self.dimensions))
        return told

    def _step(
        self, seen: Channels, first: Channels | None, second: Channels | None
    ) -> tuple[Channels, Channels, Channels]:
        before, after = self.activations
        first = self.units[0](before(self.inwards(seen)), first)
        middle = convolved((self.between, first)) if isinstance(self.between, nn.Conv2d) else self.between(first)
        second = self.units[1](after(middle), second)
        return self.outwards(second), first, second

    @staticmethod
    def _correction(problem: Problem, x: Tensor, iterations: int, trust: float | None = None) -> Tensor:
        residual = problem.data - problem.operator(x)
        if trust is None and problem.noise_std is None:
            trust = UNTOLD
        w = _trust(problem, residual) if trust is None else torch.as_tensor(trust).to(x.real)

        def normal(x: Tensor) -> Tensor:
            return w * problem.operator.normal(x) + (1 - w) * x

        return solve(normal, w * problem.operator.adjoint(residual), iterations, problem.coupled).x


def _preconditioner(problem: Problem, damping: float | None) -> Callable[[Tensor], Tensor]:
    """Return what divides an image's frequencies by the spectrum of A^H A; without damping, what leaves it alone."""
    if damping is None:
        return lambda x: x
    axes = tuple(range(-problem.coupled, 0))
    spectrum = problem.operator.spectrum(problem.zero_filled)
    divisor = spectrum / spectrum.amax(axes, keepdim=True) + damping

    def divided(x: Tensor) -> Tensor:
        found = torch.fft.ifftn(torch.fft.fftn(x, dim=axes) / divisor, dim=axes)
        return found if x.is_complex() else found.real

    return divided


def _size(problem: Problem, x: Tensor) -> Tensor:
    """Return the root mean square of each problem's image where data are; one where that is zero."""
    axes = tuple(range(-problem.coupled, 0))
    where = torch.ones_like(x.real) if problem.support is None else problem.support.to(x.real)
    square = (x.abs().square() * where).sum(axes, keepdim=True)
    return torch.where(square > 0, square / where.sum(axes, keepdim=True), 1).sqrt()


def _trust(problem: Problem, residual: Tensor) -> Tensor:
    """Return the weight w of each problem's data (*batch, 1, 1), from 0 to 1."""
    coupled = problem.coupled
    batch = len(problem.shape) - coupled
    assert problem.noise_std is not None
    variance = (2 if residual.is_complex() else 1) * problem.noise_std.square()
    noise = (variance * (problem.data != 0)).flatten(batch).sum(-1)
    error = (residual.abs().square().flatten(batch).sum(-1) - noise).clamp_min(0)
    # an error of the image is seen once by all coils together, whose maps have unit root sum of squares
    noise = noise * (problem.zero_filled.numel() / problem.data.numel())
    w = error / (error + noise).clamp_min(torch.finfo(error.dtype).tiny)
    return w.reshape(*w.shape, *(1,) * coupled)
