"""Linear operators: forward, adjoint and the cheaper normal travel together and are tested together."""

from abc import ABC, abstractmethod

from torch import Tensor

from dealias.numpy_bridge import numpy_too


class LinearOperator(ABC):
    """A linear map between tensors. A value, not a module: its tensors belong to a problem.

    Arguments:
        coupled: trailing axes of the image that A^H A couples; each index before them is a problem of its own.
        projects: whether A^H A is a projection, so that replacing what was measured in A x is exact.
    """

    coupled: int = 2
    projects: bool = False

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Return A x."""

    @abstractmethod
    def adjoint(self, y: Tensor) -> Tensor:
        """Return A^H y."""

    def normal(self, x: Tensor) -> Tensor:
        """Return A^H A x; override where that is cheaper than one after the other."""
        return self.adjoint(self.forward(x))

    def spectrum(self, x: Tensor) -> Tensor:
        """Return the eigenvalues of a circulant matrix near A^H A, by frequency in FFT order: for preconditioning.

        By itself one, the identity's; override where something nearer is known.

        Arguments:
            x: any image, for its shape and type.
        """
        return x.real.new_ones(x.shape[-self.coupled :])

    @numpy_too
    def __call__(self, x: Tensor) -> Tensor:
        """Return A x; a NumPy array gives a NumPy array."""
        return self.forward(x)

    @property
    def H(self) -> "LinearOperator":  # noqa: N802 - the field's name
        """The adjoint as an operator."""
        return Adjoint(self)

    def __matmul__(self, other: "LinearOperator") -> "LinearOperator":
        return Composition(self, other)


class Adjoint(LinearOperator):
    """A^H of an operator A."""

    def __init__(self, operator: LinearOperator) -> None:
        self.operator = operator

    def forward(self, x: Tensor) -> Tensor:
        """Return A^H x."""
        return self.operator.adjoint(x)

    def adjoint(self, y: Tensor) -> Tensor:
        """Return A y."""
        return self.operator.forward(y)

    @property
    def H(self) -> LinearOperator:
        """A itself."""
        return self.operator


class Composition(LinearOperator):
    """A B: first B, then A."""

    def __init__(self, outer: LinearOperator, inner: LinearOperator) -> None:
        self.outer = outer
        self.inner = inner
        self.coupled = max(outer.coupled, inner.coupled)

    def forward(self, x: Tensor) -> Tensor:
        """Return A B x."""
        return self.outer.forward(self.inner.forward(x))

    def adjoint(self, y: Tensor) -> Tensor:
        """Return B^H A^H y."""
        return self.inner.adjoint(self.outer.adjoint(y))

    def normal(self, x: Tensor) -> Tensor:
        """Return B^H (A^H A) B x, with A's own shortcut."""
        return self.inner.adjoint(self.outer.normal(self.inner.forward(x)))
