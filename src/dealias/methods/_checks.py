"""What methods for films refuse in one line."""

from dealias.errors import UserError
from dealias.problem import Problem


def check_film(problem: Problem, name: str) -> None:
    """Raise where there is but one frame."""
    shape = problem.shape
    if len(shape) < 3 or shape[-3] < 2:
        raise UserError(f"{name} needs a film of two frames or more, and this is one; use --method rim for images")


def check_weight(weight: float | None) -> None:
    """Raise where the data cannot weigh that much."""
    if weight is not None and not 0 <= weight < float("inf"):
        raise UserError(f"data_weight {weight} is impossible; give zero or more, or none for infinite")
