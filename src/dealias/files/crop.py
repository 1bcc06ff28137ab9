"""From the image of all that was encoded to the part that a scanner shows."""

from torch import Tensor


def crop(image: Tensor, matrix: tuple[int, int] | None) -> Tensor:
    """Return the middle rows and columns of an image, around its origin; an axis that is shorter stays."""
    for axis, wanted in zip((-2, -1), matrix or (), strict=False):
        if wanted < image.shape[axis]:
            image = image.narrow(axis, image.shape[axis] // 2 - wanted // 2, wanted)
    return image
