"""Zero-filling: what was not measured is zero.

    x = A^H y

| The NMR phased array (Roemer et al., 1990): coils combined with their conjugate sensitivities
| https://doi.org/10.1002/mrm.1910160203
"""

from collections.abc import Iterator

from torch import Tensor

from dealias.method import Method
from dealias.problem import Problem


class ZeroFilled(Method):
    """The adjoint of the data, coils combined with their conjugate maps."""

    iterations = 1
    for_comparison = True

    def __init__(self) -> None:
        super().__init__()

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield the one image."""
        yield problem.zero_filled
