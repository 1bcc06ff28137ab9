"""The verb: a method turns a problem into a sequence of ever better images."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from dealias.configured import Configured
from dealias.errors import UserError
from dealias.problem import P, Problem
from dealias.solvers.stopping import until_settled


class Method(Configured, ABC):
    """A reconstruction method; its constructor is its configuration.

    Arguments:
        joint: names of the image's axes that it treats as one problem with those that the operator couples:
            ("time",) for a method that sees whole films.
        own_maps: whether it finds its own coil maps, so that none need be estimated for it.
        iterations: how many estimates it yields.
        tolerance: relative change of an estimate at which a problem rests; zero never.
        trained: whether it comes with weights of its own choice, without a weight file.
        takes_noise: whether it needs to know the noise level, which is estimated where it is not told.
        usual_errors: of each band of k-space, how it fares on scans such as it learned from: `error_bar/usual.py`;
            empty where nobody recorded it.
        for_comparison: whether it is here to compare others with, and no way to the best image.
        knobs: arguments whose best value differs from scan to scan, each with values worth trying: `methods/tuned.py`.
    """

    joint: ClassVar[tuple[str, ...]] = ()
    own_maps: bool = False
    iterations: int
    tolerance: float = 0.0
    takes_noise: bool = False
    trained: ClassVar[bool] = False
    usual_errors: tuple[tuple[float, float], ...] = ()
    for_comparison: ClassVar[bool] = False
    knobs: ClassVar[Mapping[str, tuple[Any, ...]]] = {}

    @abstractmethod
    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield `iterations` images of a normalised problem, each better than the last, which is the answer."""

    def chain(self, problem: Problem, generator: torch.Generator) -> Iterator[Tensor]:
        """Yield `iterations` images of a normalised problem, the last of which is drawn from its posterior.

        Raises:
            UserError: where the method samples none.
        """
        raise UserError(
            f"{type(self).__name__} yields one image, not samples of a posterior; use score_prior or diffpir"
        )

    def prepared(self, problem: P) -> P:
        """Return the problem as the method sees it before it is normalised: with coil maps that it finds itself."""
        return problem

    def check_loss(self, name: str) -> None:  # noqa: B027 - most learn from any
        """Refuse a loss from which this network would never learn what it is made for.

        Raises:
            UserError: where it would not.
        """

    def normalised(self, problem: P) -> tuple[P, Tensor]:
        """Return the problem at the scale that the method knows, and what its image must be multiplied with."""
        return problem.normalised(self.together(problem))

    def together(self, problem: Problem) -> int:
        """Return how many trailing axes of the image the method solves as one: the operator's, and its joint ones."""
        return problem.coupled + len(self.joint)

    def check(self, problem: Problem) -> None:
        """Raise where the image lacks an axis that the method treats as one with the others, or has one too many.

        Raises:
            UserError: which names it.
        """
        self.check_axes(problem.axes)
        if not self.joint:
            return
        together = self.together(problem)
        named = problem.axes[-together : len(problem.axes) - problem.coupled] == self.joint
        if named and problem.shape[-together] > 1:
            return
        name, axes = type(self).__name__, " ".join(problem.axes)
        if self.joint == ("time",):
            text = f"{name} needs a film of two frames or more, and this is '{axes}' of shape {tuple(problem.shape)}"
            raise UserError(f"{text}; name its time with --axes 'time coil y x', or use --method rim for images")
        raise UserError(f"{name} needs the axes '{' '.join(self.joint)}' before those of an image; this has '{axes}'")

    def check_axes(self, axes: tuple[str, ...]) -> None:
        """Raise where no problem of these axes is one for this method.

        Raises:
            UserError: for several sets of coil maps, where it learned from images of one.
        """
        if "set" in axes and next(self.parameters(), None) is not None:
            text = f"{type(self).__name__} learned from images of one set of coil maps"
            raise UserError(f"{text}; use --method sense, wavelet or total_variation for several")

    def images(self, problem: Problem) -> Iterator[Tensor]:
        """Yield every estimate on the scale of the data, zero where nothing was seen; a problem that rests keeps its.

        Raises:
            UserError: where the problem is none for this method.
        """
        self.check(problem)
        seen, restored = self._seen(problem)
        estimates = self.estimates(seen)
        if self.tolerance:
            estimates = until_settled(estimates, self.iterations, self.tolerance, self.together(problem))
        return map(restored, estimates)

    def drawn(self, problem: Problem, generator: torch.Generator) -> Iterator[Tensor]:
        """Yield a chain's images on the scale of the data, zero where none was seen; the last is a sample."""
        seen, restored = self._seen(problem)
        return map(restored, self.chain(seen, generator))

    def forward(self, problem: Problem) -> Tensor:
        """Return the image, on the scale of the data: exactly what `reconstruct` gives."""
        *_, image = self.images(problem)
        return image

    def _seen(self, problem: Problem) -> tuple[Problem, Callable[[Tensor], Tensor]]:
        """Return the problem that the method is given, and what brings its images to the data's scale and phase."""
        problem, phase = problem.without_linear_phase(self.together(problem))
        problem = self.prepared(problem)
        seen, scale = self.normalised(problem)
        factor, support = scale if phase is None else scale * phase, problem.support

        def restored(x: Tensor) -> Tensor:
            image = x * factor
            return image if support is None else image.masked_fill(~support, 0)

        return seen, restored
