"""Zero-filling: what was not measured is zero.

    x = A^H y

| Application of Fourier transforms to the study of NMR: zero filling (Bartholdi and Ernst, 1973), section 2
| https://doi.org/10.1016/0022-2364(73)90076-0
"""

from collections.abc import Iterator

from torch import Tensor

from dealias.method import Method
from dealias.problem import Problem


class ZeroFilled(Method):
    """The adjoint of the data, coils combined with their conjugate maps."""

    iterations = 1

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield the one image."""
        yield problem.zero_filled
