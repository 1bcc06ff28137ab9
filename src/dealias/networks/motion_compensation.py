"""Neighbouring frames of a film moved onto each frame, by displacements that a small network estimates.

    w_t(r) = x_{t+1}(r + d_t(r))  and  x_{t-1}(r - d_{t-1}(r)),  d_t = D(|x_t|, |x_{t+1}|) - D(|x_{t+1}|, |x_t|)

D is a few 3x3 convolutions at reduced resolution, d is in pixels of the film. Magnitudes alone decide, so that no
phase does; frames that are alike do not move; and one field serves both directions, inverse to first order.

| Joint Learning of Motion Estimation and Segmentation for Cardiac MR Image Sequences (Qin et al., 2018)
| https://arxiv.org/abs/1806.04066
| Spatial Transformer Networks (Jaderberg et al., 2015), section 3.3: `warp` | https://arxiv.org/abs/1506.02025
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, grid_sample, interpolate

from dealias.networks.channels import to_channels, to_image
from dealias.networks.recurrent_units import initialise
from dealias.shapes import Channels, Image

REDUCTION = 2  # of the resolution: a quarter of the pixels; with 4 a beating heart was followed less well


class MotionCompensation(nn.Module):
    """Maps a film (time, *batch, y, x) to what the frames before and after show, moved onto each frame.

    Arguments:
        features: channels of the inner convolutions.
    """

    def __init__(self, features: int = 16) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs in (2, features, features):
            convolution = nn.Conv2d(inputs, features, 3, padding=1)
            initialise(convolution)
            layers += [convolution, nn.ReLU(inplace=True)]
        last = nn.Conv2d(features, 2, 3, padding=1, bias=False)
        # thousandths of a pixel: with zero itself no gradient would reach the layers before
        nn.init.normal_(last.weight, std=1e-3)
        self.layers = nn.Sequential(*layers, last).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, frames: Image) -> tuple[Image, Image]:
        """Return the frames before and after, moved; the first frame has none before, the last none after: itself."""
        d = self.displacements(frames)
        before = torch.cat((frames[:1], warp(frames[:-1], -d)))
        after = torch.cat((warp(frames[1:], d), frames[-1:]))
        return before, after

    def displacements(self, frames: Image) -> Tensor:
        """Return how far down and right each frame's tissue lies in the next one (time - 1, *batch, 2, y, x)."""
        size = frames.abs()
        first, second = size[:-1], size[1:]
        coarse = self._coarse(first, second) - self._coarse(second, first)
        fine = interpolate(coarse.to(size.dtype), scale_factor=REDUCTION, mode="bilinear")
        rows, columns = frames.shape[-2:]
        return fine[..., :rows, :columns].unflatten(0, first.shape[:-2])

    def _coarse(self, frame: Image, other: Image) -> Tensor:
        return self.layers(avg_pool2d(to_channels(frame, other), REDUCTION, ceil_mode=True))


def warp(images: Image, displacements: Tensor) -> Image:
    """Return images (*batch, y, x) read at places displaced by (*batch, 2, y, x) pixels; cubic, so smooth in them.

    Beyond an edge lies what is at the edge.
    """
    parts: Channels = to_channels(images)
    rows, columns = images.shape[-2:]
    y = torch.arange(rows, dtype=parts.dtype, device=parts.device)[:, None] + displacements[..., 0, :, :]
    x = torch.arange(columns, dtype=parts.dtype, device=parts.device) + displacements[..., 1, :, :]
    places = torch.stack(((2 * x + 1) / columns - 1, (2 * y + 1) / rows - 1), -1)
    places = places.reshape(len(parts), rows, columns, 2)
    found = grid_sample(parts, places, mode="bicubic", padding_mode="border", align_corners=False)
    return to_image(found, images)
