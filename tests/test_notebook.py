"""What a notebook, and a prompt, show of an acquisition."""

import base64
import re
from io import BytesIO

import numpy as np
import pytest
import torch
from matplotlib.image import imread

import dealias
from problems import film


def test_one_line():
    assert repr(film(axes=("time", "y", "x"))) == (
        "Acquisition(2 slices, 2 frames, 3 coils with maps, 19 x 24, 2.51x, noise 0.01, torch.complex64, cpu)"
    )
    bare = dealias.Acquisition.centred(torch.ones(2, 8, 6, dtype=torch.complex64))
    assert "(2 coils without maps, 8 x 6, 1.00x, noise unknown" in repr(bare)


@pytest.mark.parametrize("batch", [(), (3,), (2, 4)])
def test_pictures(batch):
    scan = film(batch=batch)
    html = scan._repr_html_()
    found = [imread(BytesIO(base64.b64decode(data))) for data in re.findall(r"base64,([^\"]+)", html)]
    assert [picture.shape[:2] for picture in found] == [(19, 24)] * 3
    middle = scan[tuple(n // 2 for n in batch)] if batch else scan
    image, mask, kspace = (picture[..., 0] for picture in found)
    wanted = middle.root_sum_of_squares
    assert np.abs(image - (wanted / wanted.max()).numpy()).max() < 0.01
    assert np.array_equal(mask > 0.5, middle.centred_mask[0].numpy())
    assert not kspace[mask < 0.5].any() and kspace.max() == 1


def test_nothing_measured():
    with pytest.warns(UserWarning, match="samples nothing"):
        empty = dealias.Acquisition.centred(torch.zeros(8, 6, dtype=torch.complex64))
    assert "infx" in repr(empty) and empty._repr_html_().count("<img") == 3
