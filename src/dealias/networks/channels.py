"""The one door between images, complex or real, and the real channels of a network.

Channels lie last in memory (channels_last), which is what a complex image is already: a view, not a copy.
"""

import torch

from dealias.errors import UserError
from dealias.shapes import Channels, Image


def check_sizes(**sizes: int) -> None:
    """Refuse a network of which a size is below one.

    Raises:
        UserError: which names it.
    """
    for name, size in sizes.items():
        if size < 1:
            raise UserError(f"{size} {name} are impossible; give 1 or more")


def check_channels(x: Image, channels: int) -> None:
    """Refuse an image that is complex where a network's are real, or the other way round.

    Raises:
        UserError: which says what to do.
    """
    wanted = 2 if x.is_complex() else 1
    if channels != wanted:
        kind = "complex" if x.is_complex() else "real"
        raise UserError(f"this network has channels={channels}, the data are {kind}; make it with channels={wanted}")


def to_channels(*images: Image, dimensions: int = 2) -> Channels:
    """Return images of one shape (*batch, y, x) as (problem, channel, y, x), channels last in memory.

    A complex image gives two channels, real and imaginary part; a real one gives one.
    """
    parts = [torch.view_as_real(x) if x.is_complex() else x.unsqueeze(-1) for x in images]
    pixels = parts[0] if len(parts) == 1 else torch.cat(parts, -1)
    return pixels.reshape(-1, *pixels.shape[-dimensions - 1 :]).movedim(-1, 1)


def to_image(channels: Channels, like: Image) -> Image:
    """Return channels (problem, channel, y, x) as an image of the shape and type of `like`."""
    pixels = channels.movedim(1, -1).to(like.real.dtype)
    image = torch.view_as_complex(pixels.contiguous()) if like.is_complex() else pixels.squeeze(-1)
    return image.reshape(like.shape)
