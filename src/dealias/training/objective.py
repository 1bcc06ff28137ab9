"""What a training teaches, what each update minimises, and the score by which the best weights are known."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor

from dealias import cards, find
from dealias.acquisition import Acquisition
from dealias.configure import configure
from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.method import Method
from dealias.prior import Prior
from dealias.training.example import Example
from dealias.training.losses import Loss
from dealias.training.losses.referenced_error import referenced_error
from dealias.training.training import Training

Learner = TypeVar("Learner", Method, Prior)


class Objective(ABC):
    """A learner, its loss and its score.

    Arguments:
        measure: the score's name.
        digits: of the score after the point that a card keeps.
        label: what the score is, for the axis of a curve.
        learner: what learns.
        sees_films: whether its examples are films.
        sees_whole: whether they are whole images, and not crops.
    """

    measure: ClassVar[str]
    digits: ClassVar[int]
    label: ClassVar[str]
    learner: Method | Prior
    sees_films = False
    sees_whole = False

    @abstractmethod
    def loss(self, example: Example, generator: torch.Generator) -> Tensor:
        """Return what an update minimises.

        Arguments:
            generator: of what a loss draws.
        """

    @abstractmethod
    def score(self, example: Example, generator: torch.Generator) -> Tensor:
        """Return how well an example of the validation is done; more is better."""

    @abstractmethod
    def kind(self, example: Example) -> str | None:
        """Return what tells this example's score apart from others', such as `8 coils 4x`; None where all are alike."""

    @abstractmethod
    def in_words(self, scores: dict[str, float]) -> str:
        """Return the score as a card's summary says it."""

    @abstractmethod
    def try_loss(self, example: Example) -> None:
        """Refuse a loss that needs what examples lack, before anything is learned.

        Raises:
            UserError: where it does.
        """


class OfMethod(Objective):
    """A method learns by a loss of its estimates; the PSNR of its images tells how well."""

    measure, digits, label = "psnr", 2, "PSNR of the validation / dB"

    def __init__(self, method: Method, loss: Loss) -> None:
        self.learner = self.method = method
        self.loss_of_estimates = loss
        self.sees_films = bool(method.joint)

    def loss(self, example: Example, generator: torch.Generator) -> Tensor:
        """Return the loss of the estimates, at the scale that the method knows."""
        example = example.normalised(self.method)
        return self.loss_of_estimates(self.method.estimates(example.problem), example)

    def score(self, example: Example, generator: torch.Generator) -> Tensor:
        """Return the PSNR in dB."""
        return psnr(self.method(example.problem), example.truth).mean()

    def kind(self, example: Example) -> str | None:
        """Return the number of coils and the acceleration, such as `4x` and `8 coils 4x`."""
        scan = example.problem
        assert isinstance(scan, Acquisition)
        return f"{scan.coils} coils {scan.acceleration:.0f}x" if scan.coils > 1 else f"{scan.acceleration:.0f}x"

    def in_words(self, scores: dict[str, float]) -> str:
        """Return such as `38.21 dB`."""
        return f"{scores['psnr']} dB"

    def try_loss(self, example: Example) -> None:
        """Refuse a loss that needs what examples lack."""
        with torch.no_grad():
            example = example.normalised(self.method)
            self.loss_of_estimates(iter([example.problem.zero_filled]), example)


class OfVolumes(OfMethod):
    """A method learns susceptibility, which has no zero point; its truth over its error tells how well."""

    measure, digits, label = "snr", 2, "truth over error of the validation / dB"

    def score(self, example: Example, generator: torch.Generator) -> Tensor:
        """Return the truth over its error in dB, both without their means."""
        return -10 / math.log(10) * referenced_error([self.method(example.problem)], example)

    def kind(self, example: Example) -> str | None:
        """Return nothing: volumes are alike."""
        return None

    def in_words(self, scores: dict[str, float]) -> str:
        """Return such as `NRMSE 21.3 %`."""
        return f"NRMSE {100 * 10 ** (-scores['snr'] / 20):.1f} %"


class OfPrior(Objective):
    """A prior learns images by its own loss, which tells how well too."""

    measure, digits, label = "merit", 4, "minus the loss of the validation"

    def __init__(self, prior: Prior) -> None:
        self.learner = self.prior = prior
        self.sees_whole = prior.whole

    def loss(self, example: Example, generator: torch.Generator) -> Tensor:
        """Return the prior's loss of the image that is wanted."""
        return self.prior.loss(example.truth, generator)

    def score(self, example: Example, generator: torch.Generator) -> Tensor:
        """Return minus the loss."""
        return -self.prior.loss(example.truth, generator)

    def kind(self, example: Example) -> str | None:
        """Images are alike."""
        return None

    def in_words(self, scores: dict[str, float]) -> str:
        """Return such as `loss 0.0123`."""
        return f"loss {-scores['merit']}"

    def try_loss(self, example: Example) -> None:
        """Refuse examples without an image."""
        _ = example.truth


def objective(training: Training) -> Objective:
    """Return what a training teaches, with its first weights.

    Raises:
        UserError: for a method, prior, loss or weights that are unknown or do not go together.
    """
    name, arguments = training.method, training.method_arguments or {}
    if name in find.names("priors"):
        if training.loss != Training.loss or training.held:
            raise UserError(f"prior '{name}' has a loss of its own; leave --loss and --held out")
        return OfPrior(_learner(training, find.prior(name), cards.load_prior, arguments))
    loss = find.loss(training.loss)
    method = _learner(training, find.method(name), cards.load, arguments)
    method.check_loss(training.loss)
    return OfVolumes(method, loss) if training.bodies else OfMethod(method, loss)


def _learner(
    training: Training, kind: type[Learner], load: Callable[..., Learner], arguments: dict[str, Any]
) -> Learner:
    """Return a new learner of a class, or the one of the weights that the training starts from."""
    if training.from_ is None:
        made = configure(kind, arguments)
        if next(made.parameters(), None) is None:
            raise UserError(f"method '{training.method}' has no parameters, so there is nothing to train")
    else:
        made = load(training.from_, **arguments)
        if type(made) is not kind:
            raise UserError(f"{training.from_} holds weights of {type(made).__name__}; name it with --method")
    return made.train()
