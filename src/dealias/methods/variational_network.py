"""The variational network: gradient steps on the data and on fields of experts, filters with learned activations.

    x_{t+1} = x_t - 1/N sum_i K_i^T phi_i(K_i x_t) - lambda_t A^H (A x_t - y),  x_0 = A^H y,  lambda_t >= 0

| Learning a Variational Network for Reconstruction of Accelerated MRI Data (Hammernik et al., 2018), equation 6
| https://arxiv.org/abs/1704.00447

1/N, N the number of filters, stands in the authors' code and not in the paper; so does `reach` 1, on images whose
maximum is one, where the paper has 150. Filters stay of zero mean and of norm one at most, see `networks/experts.py`.
`start="wavelet"` begins at the image of compressed sensing instead.
"""

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor, nn

from dealias.errors import UserError
from dealias.method import Method
from dealias.methods._cascade import run, steps
from dealias.methods._start import sparse_image
from dealias.networks.channels import check_channels, check_sizes, to_channels, to_image
from dealias.networks.experts import Experts
from dealias.problem import Problem


class VariationalNetwork(Method):
    """The image of the last step; 131,050 parameters, 65,530 with the 24 filters of the authors' code.

    Arguments:
        features: filters of each step.
        iterations: steps; fewer at run time.
        size: side of the filters, an odd number.
        nodes: Gaussians of each activation function.
        reach: range of the activation functions; images have a maximum of about one.
        start: x_0, A^H y or a sparse image by 20 iterations.
        channels: real channels of an image: 2 where it is complex, 1 where it is real.
        recompute: in training, recompute each step's filters on the way back instead of storing them: less memory.
    """

    def __init__(
        self,
        features: int = 48,
        iterations: int = 10,
        size: int = 11,
        nodes: int = 31,
        reach: float = 1.0,
        start: Literal["zero_filled", "wavelet"] = "zero_filled",
        channels: int = 2,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(features=features, iterations=iterations, size=size, nodes=nodes, channels=channels)
        if size % 2 == 0 or nodes < 2 or not 0 < reach < float("inf"):
            raise UserError("size must be odd, nodes two or more, reach positive; correct them")
        if start not in ("zero_filled", "wavelet"):
            raise UserError("start is zero_filled or wavelet; correct it")
        self.iterations = iterations
        self.sparse = start == "wavelet"
        self.channels = channels
        self.recompute = recompute
        self.experts = nn.ModuleList(Experts(channels, features, size, nodes, reach) for _ in range(iterations))
        self.trust = nn.ParameterList(nn.Parameter(torch.ones(())) for _ in range(iterations))  # lambda

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one image per step.

        Raises:
            UserError: for more iterations than there are sets of filters.
        """
        check_channels(problem.zero_filled, self.channels)
        x = sparse_image(problem) if self.sparse else problem.zero_filled
        for experts, trust in zip(steps(self.experts, self.iterations), self.trust, strict=False):
            towards = to_image(run(experts, to_channels(x), recompute=self.recompute), x)
            x = x - towards / len(experts.kernels) - trust.abs() * problem.gradient(x)
            yield x
