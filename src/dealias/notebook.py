"""What a notebook shows of an acquisition: its zero-filled image, its mask and its k-space, as one picture."""

import base64
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from dealias.root_sum_of_squares import root_sum_of_squares

if TYPE_CHECKING:
    from dealias.acquisition import Acquisition

DECADES = 4.0  # of k-space's magnitude, from black to white


def page(acquisition: "Acquisition") -> str:
    """Return HTML: one line of facts over the middle slice and frame, its mask and the logarithm of its k-space."""
    middle = tuple(n // 2 for n in acquisition.kspace.shape[:-3])
    kspace = root_sum_of_squares(acquisition.centred_kspace[middle], -3)
    mask = acquisition.centred_mask.expand(*acquisition.kspace.shape[:-3], -1, *kspace.shape)[middle][0]
    image = acquisition.root_sum_of_squares[middle]
    least = kspace.amax() * 10**-DECADES
    pictures = {
        "zero-filled": image / image.amax().clamp_min(torch.finfo(image.dtype).tiny),
        "sampled": mask.to(image.dtype),
        "k-space": (kspace / least).clamp_min(1).log10() / DECADES if least else kspace,
    }
    cells = "".join(
        f'<figure style="display:inline-block;margin:4px"><img style="height:160px" alt="{name}" '
        f'src="data:image/png;base64,{_png(values)}"><figcaption>{name}</figcaption></figure>'
        for name, values in pictures.items()
    )
    return f"<div><code>{escape(repr(acquisition))}</code><br>{cells}</div>"


def _png(values: Tensor) -> str:
    """Return a grey picture of values from 0 to 1 in base64."""
    from matplotlib.image import imsave

    buffer = BytesIO()
    imsave(buffer, values.numpy(force=True), cmap="gray", vmin=0, vmax=1, format="png")
    return base64.b64encode(buffer.getvalue()).decode()
