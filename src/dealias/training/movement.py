"""A still image moved as bodies move: a region that beats, tissue that is pulled along, breath that shifts all.

    x_t(r) = x(r - u_t(r)),  u_t = breath + b_t w (r - c) + sum_k a_k(r) sin(2 pi k t / period + phase)

b_t is how far a round region about c has contracted, w its soft edge; a_k are smooth fields.
"""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from dealias.shapes import Image
from dealias.training._random_numbers import uniform


def moved(image: Tensor, frames: int, generator: torch.Generator) -> Image:
    """Return a film (time, y, x) of an image (y, x): some consecutive frames of a beat of 10 to 30.

    The region that beats loses up to a third of its radius; elsewhere tissue moves by a few hundredths of the
    image at the most.
    """
    rows, columns = image.shape
    y, x = torch.linspace(-1, 1, rows)[:, None], torch.linspace(-1, 1, columns)
    place = torch.stack((x.expand(rows, -1), y.expand(-1, columns)), -1)  # in the order of grid_sample
    time = (torch.arange(frames) / uniform(10, 30, generator) + uniform(0, 1, generator))[:, None, None, None]
    turn = 2 * torch.pi * time
    centre = torch.tensor([uniform(-0.5, 0.5, generator) for _ in range(2)])
    radius = uniform(0.15, 0.5, generator)
    window = torch.exp(-((place - centre).square().sum(-1, keepdim=True) / radius**2).square())
    # fast in, slow out: a second harmonic steepens the beat
    beat = (1 - torch.cos(turn + 0.4 * torch.sin(turn))) / 2
    shift = -uniform(0.0, 0.33, generator) * beat * window * (place - centre)
    for k in (1, 2):
        field = _smooth((rows, columns), generator) * uniform(0.0, 0.03, generator) / k
        shift = shift + field * torch.sin(k * turn + 2 * torch.pi * uniform(0, 1, generator))
    angle = 2 * torch.pi * uniform(0, 1, generator)
    direction = torch.tensor([angle]).cos().item(), torch.tensor([angle]).sin().item()
    breath = torch.sin(turn / uniform(3, 6, generator) + 2 * torch.pi * uniform(0, 1, generator))
    shift = shift + uniform(0.0, 0.03, generator) * breath * torch.tensor(direction)
    parts = torch.view_as_real(image.to(torch.complex64)).movedim(-1, 0).expand(frames, -1, -1, -1)
    film = grid_sample(parts, place - shift, mode="bicubic", align_corners=True)
    return torch.view_as_complex(film.movedim(1, -1).contiguous())


def _smooth(shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Return a slow random field of vectors (y, x, 2), one at its largest."""
    coarse = torch.randn(1, 2, 5, 5, generator=generator)
    field = interpolate(coarse, shape, mode="bicubic", align_corners=True)[0].movedim(0, -1)
    return field / field.abs().max()
