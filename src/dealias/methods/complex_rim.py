"""The recurrent inference machine with complex weights and states, trained by Wirtinger derivatives.

    x_{t+1} = x_t + h(g_t, x_t, s_{t+1}),  s_{t+1} = g(g_t, x_t, s_t),  all of complex numbers

| The Recurrent Inference Machine for Accelerating MRI Reconstruction (Lonning, Putzky, Caan and Welling), project page
| https://openreview.net/forum?id=H1LZ6v8iM
| Deep Complex Networks (Trabelsi et al., 2018) | https://arxiv.org/abs/1705.09792

It is the RIM of twice the channels, a complex number in each pair of them, whose weights act on such pairs as complex
numbers do. Gates are split: a sigmoid (tanh) of the real and one of the imaginary part, which then weigh those parts.
"""

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor, nn

from dealias.errors import UserError
from dealias.method import Method
from dealias.methods.rim import RIM
from dealias.networks.channels import check_sizes
from dealias.networks.complex_layers import ModReLU, cardioid, make_complex
from dealias.problem import Problem


class ComplexRIM(Method):
    """The layers of the RIM, of complex numbers; 180,610 real parameters at 64 complex features.

    Arguments:
        features: complex channels of each convolution and hidden state.
        iterations: time steps; any number at run time.
        activation: after the convolutions: split (relu of both parts), mod_relu or cardioid.
        consistency_steps: conjugate gradients by which the last estimate obeys the data; 0 leaves it as the
            network made it.
        recompute: in training, recompute each step on the way back instead of storing it: less memory.
    """

    def __init__(
        self,
        features: int = 64,
        iterations: int = 8,
        activation: Literal["split", "mod_relu", "cardioid"] = "split",
        consistency_steps: int = 0,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(features=features, iterations=iterations)
        self.iterations = iterations
        self.rim = RIM(2 * features, iterations, consistency_steps=consistency_steps, recompute=recompute)
        self.takes_noise = self.rim.takes_noise
        make_complex(self.rim)
        if activation == "mod_relu":
            self.rim.activations = nn.ModuleList(ModReLU(features) for _ in range(2))
        elif activation == "cardioid":
            self.rim.activations = (cardioid, cardioid)

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one image per time step.

        Raises:
            UserError: for a real problem.
        """
        if not torch.is_complex(problem.zero_filled):
            raise UserError("the complex RIM needs complex data; take the RIM with channels=1 for a real problem")
        return self.rim.recursion(problem, self.iterations)
