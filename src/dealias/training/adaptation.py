"""Whether and how long a network learns from the scan that it reconstructs: options of `dealias reconstruct`."""

from dataclasses import dataclass

from dealias.errors import UserError
from dealias.training.training import seconds_of


@dataclass(frozen=True, kw_only=True)
class Adaptation:
    """The limits of an adaptation.

    Arguments:
        adapt: let the network learn from each scan, by hidden samples of it, if it then predicts others better
        updates: of that, at the most
        time: of that, at the most, such as 90s, 9m or 2h
    """

    adapt: bool = False
    updates: int = 60
    time: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            UserError: for no updates, a time that is none, or limits of what was not asked for.
        """
        if self.updates < 1:
            raise UserError(f"{self.updates} updates are impossible; give 1 or more")
        _ = self.seconds
        if not self.adapt and (self.updates, self.time) != (Adaptation.updates, Adaptation.time):
            raise UserError("--updates and --time limit an adaptation; give --adapt, or leave them out")

    @property
    def seconds(self) -> float | None:
        """How long it lasts at the most; None is as long as its updates."""
        return seconds_of(self.time)
