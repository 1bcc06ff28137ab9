"""What networks that weigh the data refuse in one line."""

from dealias.errors import UserError


def check_weight(weight: float | None) -> None:
    """Raise where the data cannot weigh that much."""
    if weight is not None and not 0 <= weight < float("inf"):
        raise UserError(f"data_weight {weight} is impossible; give zero or more, or none for infinite")
