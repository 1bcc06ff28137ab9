"""Readout oversampling: the scanner samples rows twice as densely as the image needs, and nothing lies there.

Cropping the image to its middle rows is unitary on what remains, so the scale of the image and the noise per
sample stay as they were, and each column of k-space stays zero where it was. The rows of a column are mixed,
so a mask that is not the same for all rows does not survive.
"""

import torch

from dealias.acquisition import Acquisition


def without_oversampling(acquisition: Acquisition, rows: int) -> Acquisition:
    """Return the acquisition of so many middle rows of the image; itself where its mask differs by row."""
    mask = acquisition.centred_mask
    if not (mask == mask[..., :1, :]).all():
        return acquisition
    size = acquisition.kspace.shape[-2]
    first = size // 2 - rows // 2
    image = torch.fft.ifft(acquisition.kspace, dim=-2, norm="ortho")[..., first : first + rows, :]
    columns = torch.fft.fft(image, dim=-2, norm="ortho")
    maps = acquisition.maps
    return Acquisition(
        columns,
        acquisition.mask[..., :1, :],
        maps if maps is None or maps.shape[-2] == 1 else maps[..., first : first + rows, :],
        acquisition.noise_std,
        acquisition.header,
        acquisition.axes,
    )
