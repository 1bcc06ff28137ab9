"""What a training learns from: a problem, and what is known of its solution."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.method import Method
from dealias.noise import estimate_noise
from dealias.problem import Problem
from dealias.shapes import Image
from dealias.training._random_numbers import uniform


@dataclass(frozen=True, eq=False)
class Example:
    """A problem, or a batch of them, with the image that is wanted.

    Arguments:
        problem: what a method is given.
        target: the image that it should make; None where nobody knows it.
        held: the same scan at other samples, kept from the method; None where there are none.
        method: which sees the problem, for losses of how it answers to noise; None before it is normalised.
        number: of the example in its training, for losses that draw at random.
    """

    problem: Problem
    target: Image | None = None
    held: Problem | None = None
    method: Method | None = None
    number: int = 0

    @property
    def truth(self) -> Image:
        """The target, for losses of images.

        Raises:
            UserError: where nobody knows it.
        """
        if self.target is None:
            raise UserError(
                "these scans are not fully sampled, so this loss has no image to compare with; take held_out"
            )
        return self.target

    @property
    def unseen(self) -> Problem:
        """The samples that were held back, for losses in k-space.

        Raises:
            UserError: where none were.
        """
        if self.held is None:
            raise UserError("this loss needs samples that the method never sees; give --held 0.4")
        return self.held

    def holding(self, share: float, generator: torch.Generator) -> "Example":
        """Return the example with this share of its samples held back: of points, or of whole lines.

        | Self-supervised learning of physics-guided reconstruction neural networks without fully sampled reference
        | data (Yaman et al., 2020) | https://doi.org/10.1002/mrm.28378
        """
        scan = self.problem
        assert isinstance(scan, Acquisition)
        [(kept, held)] = scan.folds(1, share, generator)
        return replace(self, problem=kept, held=held)

    def telling_noise(self, hidden: float, estimated: float, generator: torch.Generator) -> "Example":
        """Return the example with its noise level as it is; or hidden, or as the data show it, each so often."""
        scan, luck = self.problem, uniform(0, 1, generator)
        assert isinstance(scan, Acquisition)
        if luck < hidden:
            scan = replace(scan, noise_std=None)
        elif luck < hidden + estimated:
            scan = replace(scan, noise_std=estimate_noise(scan)[..., None, None, None])
        return replace(self, problem=scan)

    def normalised(self, method: Method) -> "Example":
        """Return the example as a method sees it: with maps of its own finding, at the scale that it knows."""
        prepared = method.prepared(self.problem)
        problem, scale = method.normalised(prepared)
        divisor = torch.where(scale == 0, 1, scale)  # that of a crop without any signal
        target, held = self.target, self.held
        if isinstance(prepared, Acquisition) and isinstance(held, Acquisition):
            held = replace(held, maps=prepared.maps)
        return replace(
            self,
            problem=problem,
            target=None if target is None else target / divisor,
            held=None if held is None else held.scaled(1 / divisor),
            method=method,
        )

    def to(self, device: torch.device | str) -> "Example":
        """Return the example on a device."""

        def moved(value: Any) -> Any:
            return None if value is None else value.to(device)

        return replace(self, problem=moved(self.problem), target=moved(self.target), held=moved(self.held))

    @classmethod
    def stack(cls, examples: Sequence["Example"]) -> "Example":
        """Return examples of one shape as one batch, along a new first axis.

        Raises:
            UserError: where their shapes differ.
        """
        if len({example.problem.data.shape for example in examples}) > 1:
            raise UserError("these scans differ in size or number of coils; learn from one at a time, with batch 1")
        problems = [example.problem for example in examples]
        targets = [example.target for example in examples if example.target is not None]
        if 0 < len(targets) < len(examples):
            raise UserError("some of these scans are fully sampled and others not; learn from them apart")
        return cls(type(problems[0]).stack(problems), torch.stack(targets) if targets else None)
